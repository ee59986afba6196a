Functions that do more than read, and do it in a READ ONLY transaction too.

-- attack: emit-message
-- note: goes to the log at once, and a ROLLBACK does not take it back
-- expect: judge
select pg_logical_emit_message(false, 'clonegate', 'x')

-- attack: emit-message-transactional
-- expect: judge
select pg_logical_emit_message(true, 'clonegate', 'x')

-- attack: emit-message-bytes
-- expect: judge
select pg_logical_emit_message(false, 'clonegate', '\x00'::bytea)

-- attack: emit-message-many
-- note: 10 MB of log in a moment
-- expect: judge
select count(pg_logical_emit_message(false, 'x', repeat('x', 10000))) from generate_series(1, 1000)

-- attack: emit-message-in-order-by
-- expect: judge
select 1 order by pg_logical_emit_message(false, 'x', 'y')

-- attack: emit-message-in-limit
-- expect: judge
select 1 limit (select 1 from (select pg_logical_emit_message(false, 'x', 'y')) x)

-- attack: emit-message-in-from
-- expect: judge
select * from pg_logical_emit_message(false, 'x', 'y')

-- attack: emit-message-in-lateral
-- expect: judge
select * from canary, lateral pg_logical_emit_message(false, secret, 'y') m

-- attack: emit-message-in-rows-from
-- expect: judge
select * from rows from (pg_logical_emit_message(false, 'x', 'y'), generate_series(1, 2)) as t(a, b)

-- attack: emit-message-in-filter
-- expect: judge
select count(*) filter (where pg_logical_emit_message(false, 'x', 'y') is not null) from canary

-- attack: emit-message-in-values
-- expect: judge
values (pg_logical_emit_message(false, 'x', 'y'))

-- attack: emit-message-in-window
-- expect: judge
select sum(1) over (order by pg_logical_emit_message(false, 'x', 'y')) from canary

-- attack: emit-message-in-grouping
-- expect: judge
select count(*) from canary group by pg_logical_emit_message(false, 'x', 'y')

-- attack: emit-message-in-join
-- expect: judge
select 1 from canary a join canary b on pg_logical_emit_message(false, 'x', 'y') is not null

-- attack: emit-message-in-array
-- expect: judge
select array[pg_logical_emit_message(false, 'x', 'y')]

-- attack: emit-message-in-tablesample
-- expect: judge
select 1 from canary tablesample system (length(pg_logical_emit_message(false, 'x', 'y')::text))

-- attack: emit-message-named-arguments
-- expect: judge
select pg_logical_emit_message(transactional => false, prefix => 'x', content => 'y'::text)

-- attack: emit-message-variadic-format
-- expect: judge
select format('%s', variadic array[pg_logical_emit_message(false, 'x', 'y')::text])

-- attack: lo-create
-- note: works in a READ ONLY transaction up to PostgreSQL 15
-- expect: judge
select lo_create(424242)

-- attack: lo-creat
-- expect: judge
select lo_creat(-1)

-- attack: lo-from-bytea
-- expect: judge
select lo_from_bytea(424243, '\xdeadbeef')

-- attack: lo-put
-- expect: judge
select lo_put(424242, 0, '\xde')

-- attack: lo-unlink
-- expect: judge
select lo_unlink(424242)

-- attack: lo-open-write
-- expect: judge
select lo_open(424242, 131072)

-- attack: lo-truncate
-- expect: judge
select lo_truncate(lo_open(424242, 131072), 0)

-- attack: lowrite
-- expect: judge
select lowrite(0, '\xde')

-- attack: lo-import
-- expect: judge
select lo_import('/etc/passwd')

-- attack: lo-export
-- expect: judge
select lo_export(424242, '{data}/clonegate-attack-lo')

-- attack: advisory-lock
-- note: survives a ROLLBACK
-- expect: judge
select pg_advisory_lock(1)

-- attack: advisory-lock-two-keys
-- expect: judge
select pg_advisory_lock(1, 2)

-- attack: advisory-lock-shared
-- expect: judge
select pg_advisory_lock_shared(1)

-- attack: advisory-lock-transaction
-- expect: judge
select pg_advisory_xact_lock(1)

-- attack: advisory-lock-try
-- expect: judge
select pg_try_advisory_lock(1)

-- attack: advisory-lock-then-failure
-- expect: judge
select pg_advisory_lock(1), 1 / (n - 1) from numbers

-- attack: advisory-locks-thousands
-- note: the lock table is everybody's
-- expect: judge
select count(pg_advisory_lock(n)) from generate_series(1, 2000) n

-- attack: terminate-the-neighbour
-- note: a role may end its own other sessions
-- expect: judge
select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'neighbour'

-- attack: cancel-the-neighbour
-- expect: judge
select pg_cancel_backend(pid) from pg_stat_activity where application_name = 'neighbour'

-- attack: terminate-own-backend
-- expect: judge
select pg_terminate_backend(pg_backend_pid())

-- attack: cancel-own-backend
-- expect: judge
select pg_cancel_backend(pg_backend_pid())

-- attack: log-memory-contexts
-- expect: judge
select pg_log_backend_memory_contexts(pg_backend_pid())

-- attack: prewarm
-- needs: pg_prewarm
-- note: fills the buffers that everybody uses; no part of the oracle sees that
-- expect: judge
select pg_prewarm('canary')

-- attack: create-physical-slot
-- expect: judge
select pg_create_physical_replication_slot('mine', true)

-- attack: create-logical-slot
-- expect: judge
select pg_create_logical_replication_slot('mine', 'pgoutput')

-- attack: create-temporary-slot
-- expect: judge
select pg_create_logical_replication_slot('mine', 'pgoutput', true)

-- attack: drop-slot
-- expect: judge
select pg_drop_replication_slot('mine')

-- attack: copy-slot
-- expect: judge
select pg_copy_physical_replication_slot('mine', 'yours')

-- attack: advance-slot
-- expect: judge
select pg_replication_slot_advance('mine', '0/1')

-- attack: slot-changes
-- expect: judge
select * from pg_logical_slot_get_changes('mine', null, null)

-- attack: slot-peek
-- expect: judge
select * from pg_logical_slot_peek_changes('mine', null, null)

-- attack: origin-create
-- expect: judge
select pg_replication_origin_create('mine')

-- attack: origin-session
-- expect: judge
select pg_replication_origin_session_setup('mine')

-- attack: backup-start
-- versions: 15-
-- expect: judge
select pg_backup_start('mine', true)

-- attack: backup-start-of-old
-- versions: 14
-- expect: judge
select pg_start_backup('mine', true, false)

-- attack: switch-wal
-- expect: judge
select pg_switch_wal()

-- attack: restore-point
-- expect: judge
select pg_create_restore_point('mine')

-- attack: log-standby-snapshot
-- versions: 16-
-- expect: judge
select pg_log_standby_snapshot()

-- attack: promote
-- expect: judge
select pg_promote()

-- attack: wal-replay-pause
-- expect: judge
select pg_wal_replay_pause()

-- attack: brin-summarize
-- expect: judge
select brin_summarize_new_values('canary_pkey')

-- attack: gin-clean
-- expect: judge
select gin_clean_pending_list('canary_pkey')

-- attack: import-collations
-- expect: judge
select pg_import_system_collations('public')

-- attack: nextoid
-- expect: judge
select pg_nextoid('pg_class', 'oid', 'pg_class_oid_index')

-- attack: binary-upgrade
-- expect: judge
select binary_upgrade_set_next_pg_type_oid(1)

-- attack: collation-actual-version
-- expect: judge or answered
select pg_collation_actual_version('"C"'::regcollation)

-- attack: extension-config-dump
-- expect: judge
select pg_extension_config_dump('canary'::regclass, '')

-- attack: setseed
-- expect: judge or answered
select setseed(0.5)


-- attack: ts-stat
-- note: runs the SQL in its text
-- expect: judge
select * from ts_stat('select to_tsvector(pg_logical_emit_message(false, ''x'', ''y'')::text)')

-- attack: ts-rewrite
-- expect: judge
select ts_rewrite('a'::tsquery, 'select ''a''::tsquery, to_tsquery(''b'') where pg_logical_emit_message(false, ''x'', ''y'') is not null')

-- attack: event-trigger-function
-- expect: judge
select pg_event_trigger_dropped_objects()

-- attack: trigger-function-called
-- expect: judge or server 0A000
select fires()

-- attack: unlisten-by-cast
-- expect: judge
select 'counter'::regclass, nextval('counter'::regclass) as n

-- attack: view-that-emits
-- roles: minimal, owner, superuser
-- note: the judge sees a view's name and not what is in it
-- expect minimal: server 42501
-- expect: role
select * from emits

-- attack: view-that-counts
-- roles: minimal, owner, superuser
-- expect minimal: server 42501
-- expect: role
select * from counts

-- attack: view-that-takes-an-id
-- roles: minimal, owner, superuser
-- expect minimal: server 42501
-- expect: role
select * from takes_an_id

-- attack: view-that-locks
-- roles: minimal, owner, superuser
-- expect minimal: server 42501
-- expect: role
select * from locks

-- attack: function-of-the-databases-own
-- expect: judge
select emits(1, 2)

-- attack: operator-of-the-databases-own
-- expect: judge
select 1 +@+ 2

-- attack: operator-qualified
-- expect: judge
select 1 operator(public.+@+) 2

-- attack: domain-with-a-check-that-calls
-- expect: judge
select 1::emitting

-- attack: domain-by-cast-function
-- expect: judge
select cast('1' as public.emitting)

-- attack: domain-by-xmltable
-- expect: judge
select * from xmltable('/a' passing xmlparse(document '<a>1</a>') columns x public.emitting path '.')

-- attack: domain-by-json-record
-- expect: judge
select * from json_to_record('{"x": 1}') as t(x public.emitting)
