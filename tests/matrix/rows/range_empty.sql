-- what: an empty range becomes an unbounded one
-- caught-by: lineage: table zoo.edges rows
update zoo.edges set rg = '(,)' where id = 1;
