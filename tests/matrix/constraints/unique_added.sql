-- what: a UNIQUE constraint is added
-- caught-by: catalog: constraint zoo.loose.one exists
-- caught-by: catalog: index zoo.one exists
alter table zoo.loose add constraint one unique (id);
