-- what: a transform is dropped
-- caught-by: catalog: transform for zoo.mood language sql exists
drop transform for zoo.mood language sql;
