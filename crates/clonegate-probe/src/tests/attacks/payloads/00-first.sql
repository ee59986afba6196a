-- attack: simple-select
-- expect: answered
select secret from canary

-- attack: advisory-lock
-- expect: judge
select pg_advisory_lock(1)

-- attack: emit-message
-- expect: judge
select pg_logical_emit_message(false, 'x', 'y')

-- attack: notify-function
-- expect: judge
select pg_notify('clonegate_attacks', 'x')

-- attack: reads-the-audited-view
-- expect: server 25006
select * from audited

-- attack: endless-rows
-- expect: bounds rows
select generate_series(1, 2000000000)

-- attack: hides-rows
-- through: drops-options
-- roles: minimal
-- expect: guard
select count(*) from rows_of_somebody

-- attack: other-database
-- through: other-database
-- roles: minimal
-- expect: guard
select secret from canary

-- attack: moves-later
-- through: moves-later
-- roles: minimal
-- expect: guard
select secret from canary

-- attack: used-session-timeout
-- through: session set statement_timeout = 0
-- roles: minimal
-- expect: guard
select secret from canary

-- attack: kills-neighbour
-- expect: judge
select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'neighbour'
