-- what: a default is changed
-- caught-by: catalog: column zoo.animal.name default
alter table zoo.animal alter column name set default 'somebody';
