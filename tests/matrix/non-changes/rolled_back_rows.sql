-- what: rows that are written and rolled back
begin;
insert into zoo.empty values (1);
update zoo.edges set t = 'x';
delete from zoo.visit;
rollback;
