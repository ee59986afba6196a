-- what: this database allows fewer connections
-- caught-by: catalog: database this database connection limit
alter database zoo_copy connection limit 30;
