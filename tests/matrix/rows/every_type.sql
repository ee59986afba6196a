-- what: one column of the table of all types
-- caught-by: lineage: table zoo.every_type rows
update zoo.every_type set c_money = '1' where id = 1;
