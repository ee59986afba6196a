-- what: an empty array becomes NULL
-- caught-by: lineage: table zoo.edges rows
update zoo.edges set ta = null where id = 1;
