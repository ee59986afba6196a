-- what: a transform is dropped
drop transform for zoo.mood language sql;
