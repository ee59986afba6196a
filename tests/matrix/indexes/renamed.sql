-- what: an index is renamed
-- caught-by: catalog: index zoo.visit_at exists
-- caught-by: catalog: index zoo.visit_when exists
alter index zoo.visit_at rename to visit_when;
