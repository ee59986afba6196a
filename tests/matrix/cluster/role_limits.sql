-- what: a role may connect more often
-- caught-by: catalog: role zoo_visitor connection limit
-- undo: alter role zoo_visitor connection limit 3
alter role zoo_visitor connection limit 4;
