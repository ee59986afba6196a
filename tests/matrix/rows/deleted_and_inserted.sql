-- what: a row is deleted and inserted again
-- caught-by: lineage: table zoo.edges rows
begin;
create temporary table kept as select * from zoo.edges where id = 3;
delete from zoo.edges where id = 3;
insert into zoo.edges table kept;
commit;
