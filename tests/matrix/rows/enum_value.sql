-- what: a row gets another enum label
-- caught-by: lineage: table zoo.edges rows
update zoo.edges set m = 'ok' where id = 1;
