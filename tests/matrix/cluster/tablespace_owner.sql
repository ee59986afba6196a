-- what: a tablespace gets another owner
-- caught-by: catalog: tablespace zoo_space owner
-- undo: alter tablespace zoo_space owner to zoo_owner
alter tablespace zoo_space owner to zoo_keeper;
