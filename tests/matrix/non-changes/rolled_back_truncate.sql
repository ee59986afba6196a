-- what: a TRUNCATE that is rolled back
begin;
truncate zoo.edges;
rollback;
