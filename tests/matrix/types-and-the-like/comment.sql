-- what: a comment on a type
-- caught-by: catalog: type zoo.mood comment
comment on type zoo.mood is 'another';
