-- what: a table is truncated
-- caught-by: lineage: table zoo.quick rows
truncate zoo.quick;
