-- what: an empty bytea becomes one of a zero byte
-- caught-by: lineage: table zoo.edges rows
update zoo.edges set b = '\x00' where id = 1;
