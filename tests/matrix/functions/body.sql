-- what: the body of a function
-- caught-by: catalog: function zoo.add(a integer, b integer) body md5
create or replace function zoo.add(a int, b int default 1) returns int language sql immutable parallel safe as 'select a - b';
