-- what: an address becomes its mapped form
-- caught-by: lineage: table zoo.edges rows
update zoo.edges set ip = '1.2.3.4' where id = 1;
