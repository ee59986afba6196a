-- what: the first value of an aggregate
-- caught-by: catalog: function zoo.total(integer) aggregate
create or replace aggregate zoo.total(int) (sfunc = int4pl, stype = int, initcond = '1');
