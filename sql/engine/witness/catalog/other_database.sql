-- The other databases of the cluster. The line by which a gate marks a clone as its own is no part of a
-- comment. Any role; all versions.
select pg_catalog.format('%I', o.datname) as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'owner', pg_catalog.pg_get_userbyid(o.datdba),
           'acl', case when o.datacl is not null then nullif(
               array(select a::text from pg_catalog.unnest(o.datacl) as a order by a::text collate "C"),
               array(select a::text from pg_catalog.unnest(pg_catalog.acldefault('d', o.datdba)) as a order by a::text collate "C"))::text end,
           'encoding', pg_catalog.pg_encoding_to_char(o.encoding),
           'collate', o.datcollate,
           'ctype', o.datctype,
           'template', nullif(o.datistemplate, false),
           'connections forbidden', nullif(not o.datallowconn, false),
           'connection limit', nullif(o.datconnlimit, -1),
           'tablespace', s.spcname,
           'comment', nullif(pg_catalog.regexp_replace(pg_catalog.shobj_description(o.oid, 'pg_database'), '(?n)\n?^clonegate run: .*$', '', 'g'), ''))
           || (pg_catalog.to_jsonb(o) - '{oid,datname,datdba,encoding,datcollate,datctype,datistemplate,datallowconn,dathasloginevt,datconnlimit,datlastsysoid,datfrozenxid,datminmxid,dattablespace,datacl}'::text[])) as attributes
  from pg_catalog.pg_database as o
  join pg_catalog.pg_tablespace as s on s.oid = o.dattablespace
 where o.datname <> current_catalog
 order by 1
