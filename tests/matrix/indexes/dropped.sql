-- what: an index is dropped
-- caught-by: catalog: index zoo.visit_expression exists
drop index zoo.visit_expression;
