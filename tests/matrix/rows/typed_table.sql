-- what: a row of a typed table
-- caught-by: lineage: table zoo.typed rows
update zoo.typed set y = 0;
