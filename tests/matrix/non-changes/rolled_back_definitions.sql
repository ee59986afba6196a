-- what: definitions that are made and rolled back
begin;
create table zoo.new (id int);
alter table zoo.animal drop column mood;
drop table zoo.edges cascade;
rollback;
