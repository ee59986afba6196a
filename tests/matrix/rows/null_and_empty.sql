-- what: a NULL becomes an empty text
-- caught-by: lineage: table zoo.edges rows
update zoo.edges set t = '' where id = 1;
