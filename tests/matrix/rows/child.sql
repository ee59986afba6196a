-- what: a row of a child table, through its parent
-- caught-by: lineage: table zoo.child rows
update zoo.parent set t = 'x' where id = 2;
