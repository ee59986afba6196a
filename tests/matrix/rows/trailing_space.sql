-- what: a text gets a trailing space
-- caught-by: lineage: table zoo.edges rows
update zoo.edges set v = 'v ' where id = 1;
