-- what: an empty bit string becomes one of a bit
-- caught-by: lineage: table zoo.edges rows
update zoo.edges set bits = B'0' where id = 1;
