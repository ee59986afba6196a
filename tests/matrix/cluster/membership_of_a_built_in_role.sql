-- what: a role may read all data
-- caught-by: catalog: membership zoo_visitor in pg_read_all_data by postgres exists
-- undo: revoke pg_read_all_data from zoo_visitor
grant pg_read_all_data to zoo_visitor;
