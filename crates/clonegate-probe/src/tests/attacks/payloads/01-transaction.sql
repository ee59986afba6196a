Ways out of the READ ONLY transaction.

-- attack: set-transaction-read-write
-- expect: judge
set transaction read write

-- attack: set-transaction-isolation
-- expect: judge
set transaction isolation level read committed

-- attack: set-local-transaction-read-only-off
-- expect: judge
set local transaction_read_only = off

-- attack: set-session-transaction-read-only-off
-- expect: judge
set session transaction_read_only to off

-- attack: set-transaction-read-only-default
-- expect: judge
set transaction_read_only to default

-- attack: reset-transaction-read-only
-- expect: judge
reset transaction_read_only

-- attack: set-default-transaction-read-only
-- expect: judge
set default_transaction_read_only = off

-- attack: set-session-characteristics
-- expect: judge
set session characteristics as transaction read write

-- attack: set-config-read-only
-- expect: judge
select set_config('transaction_read_only', 'off', false)

-- attack: set-config-default-read-only
-- expect: judge
select set_config('default_transaction_read_only', 'off', false)

-- attack: set-config-in-where
-- expect: judge
select secret from canary where set_config('transaction_read_only', 'off', true) = 'off'

-- attack: begin-read-write
-- expect: judge
begin read write

-- attack: start-transaction-read-write
-- expect: judge
start transaction read write

-- attack: commit
-- expect: judge
commit

-- attack: end
-- expect: judge
end

-- attack: rollback
-- expect: judge
rollback

-- attack: abort
-- expect: judge
abort

-- attack: commit-and-chain
-- expect: judge
commit and chain

-- attack: rollback-and-chain
-- expect: judge
rollback and chain

-- attack: prepare-transaction
-- expect: judge
prepare transaction 'clonegate'

-- attack: commit-prepared
-- expect: judge
commit prepared 'clonegate'

-- attack: savepoint
-- expect: judge
savepoint mine

-- attack: release-the-channels-savepoint
-- expect: judge
release savepoint clonegate

-- attack: rollback-to-the-channels-savepoint
-- expect: judge
rollback to savepoint clonegate

-- attack: do-commit-set-write
-- expect: judge
do $$ begin commit; set transaction read write; insert into public.canary values (9, ''); end $$

-- attack: do-rollback-insert
-- expect: judge
do $$ begin rollback; insert into public.canary values (9, ''); end $$

-- attack: do-execute-commit
-- expect: judge
do $$ begin execute 'commit'; end $$

-- attack: call-that-commits
-- expect: judge
call works()

-- attack: set-transaction-snapshot
-- expect: judge
set transaction snapshot '00000003-0000001B-1'

-- attack: set-constraints
-- expect: judge
set constraints all deferred

-- attack: discard-all
-- expect: judge
discard all

-- attack: xid
-- note: works in a READ ONLY transaction; it takes a number out of the counter of the whole cluster
-- expect: judge
select pg_current_xact_id()

-- attack: xid-of-old
-- expect: judge
select txid_current()

-- attack: xid-then-failure
-- note: the error must not hide that an id was assigned
-- expect: judge
select 1 / (pg_current_xact_id()::text::bigint * 0)

-- attack: xid-in-case
-- expect: judge
select case when true then pg_current_xact_id()::text else '' end

-- attack: export-snapshot
-- note: a file in pg_snapshots for as long as the transaction is open
-- expect: judge
select pg_export_snapshot()

-- attack: xid-if-assigned
-- note: this one assigns nothing
-- expect: answered or judge or role
select pg_current_xact_id_if_assigned()::text
