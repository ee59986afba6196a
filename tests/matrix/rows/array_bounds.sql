-- what: an array begins at 1 instead of 0
-- caught-by: lineage: table zoo.edges rows
update zoo.edges set a = '{1,2}' where id = 3;
