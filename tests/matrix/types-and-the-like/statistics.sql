-- what: a statistics target of extended statistics
alter statistics zoo.together set statistics 77;
