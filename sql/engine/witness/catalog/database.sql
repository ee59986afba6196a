-- This database. Other databases of the cluster are left out: scratch copies come and go.
-- Any role; all versions.
select 'this database' as identity,
       pg_catalog.json_build_object(
           'name', d.datname,
           'owner', pg_catalog.pg_get_userbyid(d.datdba),
           'acl', d.datacl::text,
           'encoding', pg_catalog.pg_encoding_to_char(d.encoding),
           'collate', d.datcollate,
           'ctype', d.datctype,
           'template', d.datistemplate,
           'connections allowed', d.datallowconn,
           'connection limit', d.datconnlimit,
           'comment', pg_catalog.shobj_description(d.oid, 'pg_database')) as attributes
  from pg_catalog.pg_database as d
 where d.datname = current_catalog
