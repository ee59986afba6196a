-- what: an index gets an option
-- caught-by: catalog: index zoo.visit_at definition
alter index zoo.visit_at set (fillfactor = 50);
