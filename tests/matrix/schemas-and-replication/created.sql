-- what: a schema is created
-- caught-by: catalog: schema annex exists
create schema annex;
