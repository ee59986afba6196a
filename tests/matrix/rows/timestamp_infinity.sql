-- what: infinity becomes −infinity
-- caught-by: lineage: table zoo.edges rows
update zoo.edges set ts = '-infinity' where id = 1;
