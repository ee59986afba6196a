-- what: a temporary table
create temporary table t (id int);
insert into t values (1);
