-- what: a float8 changes in its last bit
-- caught-by: lineage: table zoo.edges rows
update zoo.edges set f = 1e-323 where id = 3;
