-- what: a composite of NULLs becomes NULL
-- caught-by: lineage: table zoo.edges rows
update zoo.edges set p = null where id = 2;
