-- what: a column is renamed
-- caught-by: catalog: column zoo.loose.t exists
-- caught-by: catalog: column zoo.loose.u exists
-- caught-by: digest: table zoo.loose contents
alter table zoo.loose rename column t to u;
