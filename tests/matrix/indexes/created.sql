-- what: an index is created
-- caught-by: catalog: index zoo.loose_id exists
create index loose_id on zoo.loose (id);
