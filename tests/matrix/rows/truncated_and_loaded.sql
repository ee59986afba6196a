-- what: a table is truncated and loaded with the same rows
-- caught-by: lineage: table zoo.quick rows
begin;
create temporary table kept as table zoo.quick;
truncate zoo.quick;
insert into zoo.quick table kept;
commit;
