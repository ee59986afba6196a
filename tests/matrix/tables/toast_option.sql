-- what: a storage option of the TOAST table
-- caught-by: catalog: table zoo.animal toast options
alter table zoo.animal set (toast.autovacuum_enabled = on);
