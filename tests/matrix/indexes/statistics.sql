-- what: the statistics target of an expression in an index
-- caught-by: catalog: index zoo.visit_expression column options
alter index zoo.visit_expression alter column 1 set statistics 70;
