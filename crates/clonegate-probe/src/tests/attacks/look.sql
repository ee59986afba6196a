-- Asks: what is there, of everything that an attack could change, take or leave behind?
-- Needs: superuser; PostgreSQL 14 and later. $1 are the oracle's own sessions, $2 is the channel's
-- application name, $3 the session that works beside it.
select 'rows' as part, md5(concat_ws('|',
    (select string_agg(t::text, ',' order by t::text) from public.canary t),
    (select string_agg(t::text, ',' order by t::text) from public.hidden t),
    (select string_agg(t::text, ',' order by t::text) from public.audit t),
    (select string_agg(t::text, ',' order by t::text) from public.held t),
    (select string_agg(t::text, ',' order by t::text) from public.made_by_hand t),
    (select concat(count(*), sum(n)) from public.numbers),
    (select count(*) from public.moments),
    (select count(*) from public.rows_of_somebody))) as seen
union all
select 'sequences', (select concat(last_value, is_called) from public.counter)
union all
select 'catalog', md5(concat_ws('|',
    (select string_agg(concat_ws(' ', oid, relname, relnamespace, relowner, relkind, relpersistence, relfilenode, relrowsecurity, relacl, reloptions, relispopulated), ',' order by oid)
       from pg_class where oid >= 16384 or relacl is not null),
    (select string_agg(concat_ws(' ', attrelid, attname, atttypid, attnotnull, attisdropped, attacl), ',' order by attrelid, attnum) from pg_attribute where attrelid >= 16384 and attnum > 0),
    (select string_agg(concat_ws(' ', oid, proname, pronamespace, proowner, prosecdef, proacl, md5(prosrc)), ',' order by oid) from pg_proc where oid >= 16384 or proacl is not null),
    (select string_agg(concat_ws(' ', oid, typname, typnamespace, typowner, typacl), ',' order by oid) from pg_type where oid >= 16384),
    (select string_agg(t::text, ',' order by t.oid) from pg_authid t),
    (select string_agg(t::text, ',' order by t::text) from pg_auth_members t),
    (select string_agg(concat_ws(' ', oid, datname, datdba, datacl, datconnlimit, datistemplate, datallowconn, dattablespace), ',' order by oid) from pg_database),
    (select string_agg(t::text, ',' order by t.oid) from pg_namespace t),
    (select string_agg(t::text, ',' order by t.oid) from pg_extension t),
    (select string_agg(t::text, ',' order by t.oid) from pg_foreign_server t),
    (select string_agg(t::text, ',' order by t.oid) from pg_user_mapping t),
    (select string_agg(t::text, ',' order by t.oid) from pg_tablespace t),
    (select string_agg(t::text, ',' order by t.oid) from pg_publication t),
    (select string_agg(concat_ws(' ', oid, subname, subenabled), ',' order by oid) from pg_subscription),
    (select string_agg(t::text, ',' order by t.oid) from pg_event_trigger t),
    (select string_agg(concat_ws(' ', oid, tgrelid, tgname, tgenabled), ',' order by oid) from pg_trigger),
    (select string_agg(t::text, ',' order by t.oid) from pg_policy t),
    (select string_agg(t::text, ',' order by t.oid) from pg_default_acl t),
    (select string_agg(t::text, ',' order by t.objoid, t.classoid, t.objsubid) from pg_description t where objoid >= 16384),
    (select string_agg(t::text, ',' order by t.objoid, t.classoid) from pg_shdescription t),
    (select string_agg(t::text, ',' order by t.objoid) from pg_seclabel t)))
union all
select 'settings', md5(concat_ws('|',
    (select string_agg(t::text, ',' order by setdatabase, setrole) from pg_db_role_setting t),
    pg_read_file('postgresql.auto.conf'),
    pg_conf_load_time()))
union all
select 'large objects', concat_ws('|',
    (select string_agg(concat_ws(' ', oid, lomowner, lomacl), ',' order by oid) from pg_largeobject_metadata),
    (select md5(string_agg(t::text, ',' order by loid, pageno)) from pg_largeobject t))
union all
select 'replication', concat_ws('|',
    (select string_agg(concat_ws(' ', slot_name, slot_type, confirmed_flush_lsn), ',' order by slot_name) from pg_replication_slots),
    (select string_agg(roname, ',' order by roname) from pg_replication_origin),
    (select string_agg(concat_ws(' ', local_id, remote_lsn), ',' order by local_id) from pg_replication_origin_status))
union all
select 'prepared transactions', (select string_agg(gid, ',' order by gid) from pg_prepared_xacts)
union all
select 'statistics', concat_ws('|',
    (select stats_reset from pg_stat_database where datname = 'production'),
    (select stats_reset from pg_stat_bgwriter),
    (select stats_reset from pg_stat_archiver),
    (select stats_reset from pg_stat_wal))
union all
select 'files', (
    select string_agg(d || '/' || f, ' ' order by d, f)
    from unnest(array['.', 'global', 'base', 'pg_snapshots', 'pg_replslot', 'pg_tblspc',
      'pg_twophase', 'pg_logical', 'pg_logical/snapshots', 'pg_logical/mappings']) d,
      pg_ls_dir(d, true, false) f
    where f not in ('pg_internal.init', 'pgsql_tmp', 'postgresql.auto.conf.tmp'))
union all
-- A large sort or hash spills; that is no effect while it runs, and one afterwards.
select 'temporary files', (select string_agg(f, ' ' order by f) from pg_ls_dir('base/pgsql_tmp', true, false) f)
union all
-- Whatever a plain read holds is not told: shares of relations, and its own virtual id. A session
-- that is just being let in holds its database for a moment. nextval takes its share of the sequence
-- before it sees that the transaction is READ ONLY, and it is gone with the ROLLBACK.
select 'locks', (
    select string_agg(concat_ws(' ', locktype, mode, coalesce(relation::regclass::text, transactionid::text, objid::text)), ', ' order by locktype, mode, relation, objid)
    from pg_locks
    where pid <> all ($1) and locktype <> 'virtualxid'
      and not (locktype = 'relation' and mode = 'AccessShareLock')
      and not (locktype = 'relation' and mode = 'RowExclusiveLock'
        and relation in (select oid from pg_class where relkind = 'S'))
      and not (locktype = 'object' and classid = 1262 and mode = 'RowExclusiveLock'))
union all
select 'others', (
    select string_agg(concat_ws(' ', backend_type, nullif(usename, ''), nullif(application_name, '')), ', ' order by pid)
    from pg_stat_activity
    where pid <> all ($1) and pid <> $3 and application_name <> $2 and state is not null)
union all
select 'sessions', (
    select string_agg(concat_ws(' ', pid, replace(state, ' ', '-')), ',' order by pid)
    from pg_stat_activity where application_name = $2 and pid <> all ($1) and state is not null)
union all
select 'neighbour', (select concat(state, ' ', pid) from pg_stat_activity where pid = $3)
union all
select 'transaction id', pg_snapshot_xmax(pg_current_snapshot())::text
union all
select 'wal', pg_current_wal_insert_lsn()::text
