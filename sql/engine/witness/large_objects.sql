-- How many large objects there are. Any role; all versions.
select count(*) as large_objects from pg_catalog.pg_largeobject_metadata
