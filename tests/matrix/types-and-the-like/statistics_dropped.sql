-- what: extended statistics are dropped
-- caught-by: catalog: statistics zoo.by_expression exists
drop statistics zoo.by_expression;
