-- what: 0 becomes −0 in a real
-- caught-by: lineage: table zoo.edges rows
update zoo.edges set r = '-0' where id = 1;
