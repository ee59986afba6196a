-- what: extended statistics are dropped
drop statistics zoo.by_expression;
