-- what: a row of a partition of a partition
-- caught-by: lineage: table zoo.log_2026_rest rows
update zoo.log set id = 30 where id = 3;
