-- what: a row under row security, read as superuser
-- caught-by: lineage: table zoo.guarded rows
-- reader: superuser
update zoo.guarded set owner = 'x' where id = 1;
