-- what: a table moves to another tablespace
-- caught-by: catalog: table zoo.loose tablespace
alter table zoo.loose set tablespace zoo_space;
