-- what: é is written as e and an accent
-- caught-by: lineage: table zoo.edges rows
update zoo.edges set t = U&'e\0301' where id = 3;
