-- what: a column is stored otherwise
-- caught-by: catalog: column zoo.animal.name storage
alter table zoo.animal alter column name set storage external;
