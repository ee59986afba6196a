-- what: a column is renamed
-- caught-by: catalog: column zoo.loose.t exists
-- caught-by: catalog: column zoo.loose.u exists
alter table zoo.loose rename column t to u;
