-- what: a table gets another owner
-- caught-by: catalog: table zoo.loose acl
-- caught-by: catalog: table zoo.loose owner
alter table zoo.loose owner to zoo_keeper;
