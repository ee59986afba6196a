-- what: a statistics target is changed
-- caught-by: catalog: column zoo.animal.name statistics target
alter table zoo.animal alter column name set statistics 300;
