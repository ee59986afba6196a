-- what: another database of the cluster is written to
\connect zoo
create table zoo.passing (id int);
insert into zoo.passing select generate_series(1, 100);
drop table zoo.passing;
