-- what: a sequence moves on in a transaction that is rolled back
-- caught-by: sequence: sequence zoo.untouched last value
begin;
select nextval('zoo.untouched');
rollback;
