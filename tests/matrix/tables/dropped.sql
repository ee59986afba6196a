-- what: a table is dropped
-- caught-by: catalog: column zoo.loose.extra exists
-- caught-by: catalog: column zoo.loose.id exists
-- caught-by: catalog: column zoo.loose.t exists
-- caught-by: catalog: table zoo.loose exists
drop table zoo.loose;
