-- Types that are no relation's and no array's: enums, domains, ranges and base types.
-- Any role; all versions.
select pg_catalog.format('%I.%I', n.nspname, t.typname) as identity,
       pg_catalog.json_build_object(
           'kind', t.typtype,
           'owner', pg_catalog.pg_get_userbyid(t.typowner),
           'acl', t.typacl::text,
           'labels', (select pg_catalog.string_agg(pg_catalog.quote_literal(e.enumlabel), ', ' order by e.enumsortorder)
                        from pg_catalog.pg_enum as e where e.enumtypid = t.oid),
           'base', case when t.typtype = 'd' then pg_catalog.format_type(t.typbasetype, t.typtypmod) end,
           'not null', t.typnotnull,
           'default', t.typdefault,
           'subtype', (select r.rngsubtype::regtype::text from pg_catalog.pg_range as r where r.rngtypid = t.oid),
           'comment', pg_catalog.obj_description(t.oid, 'pg_type')) as attributes
  from pg_catalog.pg_type as t
  join pg_catalog.pg_namespace as n on n.oid = t.typnamespace
 where t.oid >= 16384
   and t.typtype in ('e', 'd', 'r', 'm', 'b')
   and not exists (select from pg_catalog.pg_type as e where e.typarray = t.oid)
   and n.nspname !~ '^pg_(toast|temp_)'
 order by 1
