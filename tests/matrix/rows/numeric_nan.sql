-- what: NaN becomes NULL in a numeric
-- caught-by: lineage: table zoo.edges rows
update zoo.edges set n = null where id = 2;
