-- what: a comment on a table
-- caught-by: catalog: table zoo.animal comment
comment on table zoo.animal is 'another';
