-- what: a comment on an index
-- caught-by: catalog: index zoo.visit_at comment
comment on index zoo.visit_at is 'another';
