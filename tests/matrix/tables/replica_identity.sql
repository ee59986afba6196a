-- what: a replica identity becomes FULL
-- caught-by: catalog: index zoo.visit_identity replica identity
-- caught-by: catalog: table zoo.visit replica identity
alter table zoo.visit replica identity full;
