-- what: a setting of this database
-- caught-by: catalog: setting work_mem of all roles in this database value
alter database zoo_copy set work_mem = '6MB';
