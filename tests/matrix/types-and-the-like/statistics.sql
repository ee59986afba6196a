-- what: a statistics target of extended statistics
-- caught-by: catalog: statistics zoo.together target
alter statistics zoo.together set statistics 77;
