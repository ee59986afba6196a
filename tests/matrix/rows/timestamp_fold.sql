-- what: an hour that comes twice becomes the other one
-- caught-by: lineage: table zoo.edges rows
update zoo.edges set ts = '2026-03-29 00:30:00+00' where id = 3;
