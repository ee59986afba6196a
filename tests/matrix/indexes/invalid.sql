-- what: an index becomes invalid
-- caught-by: catalog: index zoo.visit_at invalid
update pg_index set indisvalid = false where indexrelid = 'zoo.visit_at'::regclass;
