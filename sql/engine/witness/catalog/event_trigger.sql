-- Event triggers. Any role; all versions.
select pg_catalog.format('%I', o.evtname) as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'owner', pg_catalog.pg_get_userbyid(o.evtowner),
           'event', o.evtevent,
           'function', (pg_catalog.pg_identify_object('pg_catalog.pg_proc'::regclass, f.oid, 0)).identity,
           'enabled', case o.evtenabled when 'O' then 'yes' when 'D' then 'disabled' when 'R' then 'replica' when 'A' then 'always' end,
           'tags', o.evttags::text,
           'comment', pg_catalog.obj_description(o.oid, 'pg_event_trigger'))
           || (pg_catalog.to_jsonb(o) - '{oid,evtname,evtevent,evtowner,evtfoid,evtenabled,evttags}'::text[])) as attributes
  from pg_catalog.pg_event_trigger as o
  join pg_catalog.pg_proc as f on f.oid = o.evtfoid
 order by 1
