-- what: a JSON null becomes NULL
-- caught-by: lineage: table zoo.edges rows
update zoo.edges set jb = null where id = 3;
