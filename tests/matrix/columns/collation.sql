-- what: a column gets another collation
-- caught-by: catalog: column zoo.loose.t collation
alter table zoo.loose alter column t type text collate "C";
