-- what: rows that are locked
begin;
select id from zoo.edges for update;
commit;
