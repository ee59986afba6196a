-- what: a table that is locked
begin;
lock table zoo.edges in access exclusive mode;
commit;
