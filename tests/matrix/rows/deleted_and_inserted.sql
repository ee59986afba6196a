-- what: a row is deleted and inserted again
-- caught-by: lineage: table zoo.edges rows
with d as (delete from zoo.edges where id = 3 returning *) select count(*) from d;
insert into zoo.edges (id) values (3);
