-- what: a row whose generated column follows
-- caught-by: lineage: table zoo.animal rows
update zoo.animal set weight = 1000 where id = 1;
