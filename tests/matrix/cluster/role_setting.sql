-- what: a setting of a role
-- caught-by: catalog: setting work_mem of zoo_owner in all databases value
-- undo: alter role zoo_owner set work_mem = '8MB'
alter role zoo_owner set work_mem = '9MB';
