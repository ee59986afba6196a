-- Subscriptions of this database, without the connection string, which may hold a password and which
-- only superusers may read, and without how far they are. Any role; all versions.
select pg_catalog.format('%I', o.subname) as identity,
       pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
           'owner', pg_catalog.pg_get_userbyid(o.subowner),
           'enabled', o.subenabled,
           'binary', nullif(o.subbinary, false),
           'slot', o.subslotname,
           'synchronous commit', o.subsynccommit,
           'publications', o.subpublications::text,
           'relations', (select pg_catalog.string_agg(c.identity, ', ' order by c.identity)
                           from pg_catalog.pg_subscription_rel as r,
                                pg_catalog.pg_identify_object('pg_catalog.pg_class'::regclass, r.srrelid, 0) as c
                          where r.srsubid = o.oid),
           'comment', pg_catalog.obj_description(o.oid, 'pg_subscription'))) as attributes
  from pg_catalog.pg_subscription as o
 where o.subdbid = (select d.oid from pg_catalog.pg_database as d where d.datname = current_catalog)
 order by 1
