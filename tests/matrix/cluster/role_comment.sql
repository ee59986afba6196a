-- what: a comment on a role
-- caught-by: catalog: role zoo_owner comment
-- undo: comment on role zoo_owner is 'owns the zoo'
comment on role zoo_owner is 'another';
