-- what: a setting of a role in this database
-- caught-by: catalog: setting statement_timeout of zoo_visitor in this database value
alter role zoo_visitor in database zoo_copy set statement_timeout = '8s';
