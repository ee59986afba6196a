-- what: a table becomes a child
-- caught-by: catalog: column zoo.loose.id inherited
-- caught-by: catalog: column zoo.loose.t inherited
-- caught-by: catalog: table zoo.loose parents
alter table zoo.loose inherit zoo.parent;
