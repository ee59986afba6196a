-- what: a comment on a template
-- caught-by: catalog: text search template zoo.template comment
comment on text search template zoo.template is 'another';
