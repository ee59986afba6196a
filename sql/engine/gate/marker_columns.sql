-- Which tables are there, and has each the column (in braces, as a literal) by which rows are marked? One row of
-- JSON, because a reading has few rows. Any role; all versions.
select coalesce(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
           'name', pg_catalog.format('%I.%I', n.nspname, c.relname),
           'marked', exists (select from pg_catalog.pg_attribute as a
                              where a.attrelid = c.oid and a.attname = {column}
                                and a.attnum > 0 and not a.attisdropped))
           order by n.nspname, c.relname), '[]'::jsonb)::text as tables
  from pg_catalog.pg_class as c
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
 where c.relkind = 'r'
   and c.relpersistence <> 't'
   and c.oid >= 16384
   and n.nspname !~ '^pg_toast'
