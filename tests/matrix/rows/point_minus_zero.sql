-- what: 0 becomes −0 in a point
-- caught-by: lineage: table zoo.edges rows
update zoo.edges set pt = '(-0,0)' where id = 1;
