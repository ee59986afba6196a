-- what: a composite type gets an attribute
-- caught-by: catalog: column zoo.pair.a exists
-- caught-by: catalog: column zoo.pair.b exists
-- caught-by: catalog: composite type zoo.pair exists
create type zoo.pair as (a int);
alter type zoo.pair add attribute b int;
