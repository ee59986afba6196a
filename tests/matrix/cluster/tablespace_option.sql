-- what: an option of a tablespace
-- caught-by: catalog: tablespace zoo_space options
-- undo: alter tablespace zoo_space reset (seq_page_cost)
alter tablespace zoo_space set (seq_page_cost = 2);
