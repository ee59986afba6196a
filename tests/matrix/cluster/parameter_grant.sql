-- what: a grant on a setting
-- caught-by: catalog: parameter privilege work_mem exists
-- since: 15
-- undo: revoke alter system on parameter work_mem from zoo_visitor
grant alter system on parameter work_mem to zoo_visitor;
