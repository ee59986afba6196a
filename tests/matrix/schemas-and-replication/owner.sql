-- what: a schema gets another owner
-- caught-by: catalog: schema zoo acl
-- caught-by: catalog: schema zoo owner
alter schema zoo owner to zoo_keeper;
