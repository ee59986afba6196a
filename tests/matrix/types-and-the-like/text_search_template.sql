-- what: a comment on a template
comment on text search template zoo.template is 'another';
