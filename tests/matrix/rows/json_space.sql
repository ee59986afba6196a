-- what: a json gets a space
-- caught-by: lineage: table zoo.edges rows
update zoo.edges set j = '{"a": 1}' where id = 1;
