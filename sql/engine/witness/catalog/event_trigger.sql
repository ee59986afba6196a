-- Event triggers. Any role; all versions.
select pg_catalog.format('%I', t.evtname) as identity,
       pg_catalog.json_build_object(
           'owner', pg_catalog.pg_get_userbyid(t.evtowner),
           'event', t.evtevent,
           'function', t.evtfoid::regprocedure::text,
           'enabled', t.evtenabled,
           'tags', t.evttags::text,
           'comment', pg_catalog.obj_description(t.oid, 'pg_event_trigger')) as attributes
  from pg_catalog.pg_event_trigger as t
 order by 1
