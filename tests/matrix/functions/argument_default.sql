-- what: the default of an argument
-- caught-by: catalog: function zoo.add(a integer, b integer) arguments
create or replace function zoo.add(a int, b int default 2) returns int language sql immutable parallel safe as 'select a + b';
