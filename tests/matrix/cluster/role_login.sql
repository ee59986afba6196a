-- what: a role may not log in
-- caught-by: catalog: role zoo_visitor login
-- undo: alter role zoo_visitor login
alter role zoo_visitor nologin;
