-- what: a collation gets another owner
-- caught-by: catalog: collation zoo.plain owner
alter collation zoo.plain owner to zoo_keeper;
