-- what: 1.0 becomes 1.00 in a numeric
-- caught-by: lineage: table zoo.edges rows
update zoo.edges set n = 1.00 where id = 1;
