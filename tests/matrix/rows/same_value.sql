-- what: a row is written again with the same values
-- caught-by: lineage: table zoo.edges rows
update zoo.edges set t = t where id = 1;
