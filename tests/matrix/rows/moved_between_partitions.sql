-- what: a row moves to another partition
-- caught-by: lineage: table zoo.log_2026_a rows
-- caught-by: lineage: table zoo.log_2026_rest rows
update zoo.log set t = 'b' where id = 2;
