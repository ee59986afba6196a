-- Types that are no relation's and no array's: enums, domains, ranges and base types. Any role; all versions.
select pg_catalog.format('%I.%I', n.nspname, o.typname) as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'kind', case o.typtype when 'e' then 'enum' when 'd' then 'domain' when 'r' then 'range' when 'm' then 'multirange' when 'p' then 'pseudo-type' else 'base' end,
           'owner', pg_catalog.pg_get_userbyid(o.typowner),
           'acl', case when o.typacl is not null then nullif(
               array(select a::text from pg_catalog.unnest(o.typacl) as a order by a::text collate "C"),
               array(select a::text from pg_catalog.unnest(pg_catalog.acldefault('T', o.typowner)) as a order by a::text collate "C"))::text end,
           'labels', (select pg_catalog.string_agg(pg_catalog.quote_literal(e.enumlabel), ', ' order by e.enumsortorder) from pg_catalog.pg_enum as e where e.enumtypid = o.oid),
           'base', case when o.typtype = 'd' then pg_catalog.format_type(o.typbasetype, o.typtypmod) end,
           'not null', nullif(o.typnotnull, false),
           'default', o.typdefault,
           'default expression', case when o.typtype = 'd' then pg_catalog.pg_get_expr(o.typdefaultbin, 0) end,
           'dimensions', nullif(o.typndims, 0),
           'undefined', nullif(not o.typisdefined, false),
           'collation', (select pg_catalog.format('%I.%I', ln.nspname, l.collname) from pg_catalog.pg_collation as l join pg_catalog.pg_namespace as ln on ln.oid = l.collnamespace where l.oid = nullif(o.typcollation, 100)),
           'range', (select pg_catalog.concat_ws(' ', pg_catalog.format_type(r.rngsubtype, null),
                                'collation', nullif(r.rngcollation, 0)::regcollation, 'operator class', p.opcname,
                                'canonical', nullif(r.rngcanonical, 0)::regproc, 'difference', nullif(r.rngsubdiff, 0)::regproc,
                                'multirange', pg_catalog.format_type(r.rngmultitypid, null))
                       from pg_catalog.pg_range as r left join pg_catalog.pg_opclass as p on p.oid = r.rngsubopc
                      where r.rngtypid = o.oid),
           'input and output', case when o.typtype = 'b' then pg_catalog.concat_ws(' ', o.typinput, o.typoutput, o.typreceive, o.typsend, o.typmodin, o.typmodout,
                                       o.typanalyze, o.typsubscript, o.typlen, o.typbyval, o.typalign, o.typstorage, o.typcategory,
                                       o.typispreferred, o.typdelim, pg_catalog.format_type(nullif(o.typelem, 0), null)) end,
           'comment', pg_catalog.obj_description(o.oid, 'pg_type'))
           || (pg_catalog.to_jsonb(o) - '{oid,typname,typnamespace,typowner,typlen,typbyval,typtype,typcategory,typispreferred,typisdefined,typdelim,typrelid,typsubscript,typelem,typarray,typinput,typoutput,typreceive,typsend,typmodin,typmodout,typanalyze,typalign,typstorage,typnotnull,typbasetype,typtypmod,typndims,typcollation,typdefaultbin,typdefault,typacl}'::text[])) as attributes
  from pg_catalog.pg_type as o
  join pg_catalog.pg_namespace as n on n.oid = o.typnamespace
 where o.oid >= 16384
   and o.typtype <> 'c'
   and not exists (select from pg_catalog.pg_type as e where e.typarray = o.oid)
   and n.nspname !~ '^pg_(toast|temp_)'
 order by 1
