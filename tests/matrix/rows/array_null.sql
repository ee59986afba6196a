-- what: a NULL in an array becomes the text NULL
-- caught-by: lineage: table zoo.edges rows
update zoo.edges set ta = '{"NULL"}' where id = 2;
