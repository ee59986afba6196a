-- what: a row is deleted
-- caught-by: lineage: table zoo.visit rows
delete from zoo.visit where id = 7;
