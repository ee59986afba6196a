-- what: rows that come and go in one transaction
begin;
insert into zoo.empty values (1);
delete from zoo.empty;
commit;
