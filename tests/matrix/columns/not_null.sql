-- what: a column becomes NOT NULL
-- caught-by: catalog: column zoo.loose.id not null
alter table zoo.loose alter column id set not null;
