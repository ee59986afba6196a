-- what: 0 becomes −0 in a float8
-- caught-by: lineage: table zoo.edges rows
update zoo.edges set f = '-0' where id = 1;
