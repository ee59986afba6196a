-- what: an overload is created
-- caught-by: catalog: function zoo.add(a double precision) exists
create function zoo.add(a float8) returns float8 language sql as 'select a';
