-- what: a view gets another owner
-- caught-by: catalog: view zoo.birds acl
-- caught-by: catalog: view zoo.birds owner
alter view zoo.birds owner to zoo_keeper;
