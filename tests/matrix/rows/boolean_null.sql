-- what: a NULL boolean becomes false
-- caught-by: lineage: table zoo.edges rows
update zoo.edges set bo = false where id = 1;
