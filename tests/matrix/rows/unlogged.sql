-- what: a row of an unlogged table
-- caught-by: lineage: table zoo.quick rows
update zoo.quick set t = 'x' where id = 1;
