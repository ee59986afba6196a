-- what: a comment on this database
-- caught-by: catalog: database this database comment
comment on database zoo_copy is 'another';
