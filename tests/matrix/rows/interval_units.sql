-- what: 1 month becomes 30 days
-- caught-by: lineage: table zoo.edges rows
update zoo.edges set i = '30 days' where id = 1;
