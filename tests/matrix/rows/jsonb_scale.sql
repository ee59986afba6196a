-- what: 1.0 becomes 1.00 in a jsonb
-- caught-by: lineage: table zoo.edges rows
update zoo.edges set jb = '{"a": 1.00}' where id = 1;
