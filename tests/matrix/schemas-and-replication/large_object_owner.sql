-- what: a large object gets another owner
-- caught-by: catalog: large object 70002 owner
alter large object 70002 owner to zoo_keeper;
