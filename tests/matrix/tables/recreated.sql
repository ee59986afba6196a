-- what: a table is dropped and created again
-- caught-by: lineage: table zoo.loose oid
drop table zoo.loose;
create table zoo.loose (id int, t text, extra text);
grant select on zoo.loose to zoo_reader;
