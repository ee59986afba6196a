-- what: a row in another tablespace
-- caught-by: lineage: table zoo.apart rows
update zoo.apart set id = 2;
