-- what: a role is valid for longer
-- caught-by: catalog: role zoo_visitor valid until
-- undo: alter role zoo_visitor valid until '2031-01-01 00:00:00+00'
alter role zoo_visitor valid until 'infinity';
