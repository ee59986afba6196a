-- what: a storage option
-- caught-by: catalog: table zoo.animal options
alter table zoo.animal set (fillfactor = 80);
