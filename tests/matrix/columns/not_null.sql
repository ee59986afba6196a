-- what: a column becomes NOT NULL
-- caught-by: catalog: column zoo.loose.id not null
-- caught-by since 18: catalog: constraint zoo.loose.loose_id_not_null exists
alter table zoo.loose alter column id set not null;
