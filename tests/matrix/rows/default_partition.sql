-- what: a row of the default partition is deleted
-- caught-by: lineage: table zoo.log_rest rows
delete from zoo.log where id = 4;
