-- How many large objects there are, and whether this role may read their pages. Any role; all versions.
select count(*) as large_objects,
       pg_catalog.has_table_privilege('pg_catalog.pg_largeobject', 'select') as readable
  from pg_catalog.pg_largeobject_metadata
