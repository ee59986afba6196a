-- Procedural languages, those of the server too. Any role; all versions.
select pg_catalog.format('%I', o.lanname) as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'owner', pg_catalog.pg_get_userbyid(o.lanowner),
           'acl', case when o.lanacl is not null then nullif(
               array(select a::text from pg_catalog.unnest(o.lanacl) as a order by a::text collate "C"),
               array(select a::text from pg_catalog.unnest(pg_catalog.acldefault('l', o.lanowner)) as a order by a::text collate "C"))::text end,
           'procedural', o.lanispl,
           'trusted', o.lanpltrusted,
           'handler', nullif(o.lanplcallfoid, 0)::regproc::text,
           'inline', nullif(o.laninline, 0)::regproc::text,
           'validator', nullif(o.lanvalidator, 0)::regproc::text,
           'comment', pg_catalog.obj_description(o.oid, 'pg_language'))
           || (pg_catalog.to_jsonb(o) - '{oid,lanname,lanowner,lanispl,lanpltrusted,lanplcallfoid,laninline,lanvalidator,lanacl}'::text[])) as attributes
  from pg_catalog.pg_language as o
 order by 1
