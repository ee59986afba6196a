-- what: a publication publishes deletes too
-- caught-by: catalog: publication zoo_publication publishes
alter publication zoo_publication set (publish = 'insert, update, delete');
