-- what: a comment on a column
-- caught-by: catalog: column zoo.animal.name comment
comment on column zoo.animal.name is 'another';
