-- what: this database gets another owner
-- caught-by: catalog: database this database acl
-- caught-by: catalog: database this database owner
alter database zoo_copy owner to zoo_keeper;
