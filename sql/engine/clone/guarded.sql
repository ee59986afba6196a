-- Did the guard pass in this transaction, and which transaction and backend is it? Assigns the
-- transaction's id, by which pg_xact_status tells later what became of it. No privileges.
select pg_catalog.concat(:'nonce', '|', :'kind', '|', pg_catalog.json_build_object(
    'xid', pg_catalog.pg_current_xact_id()::pg_catalog.text,
    'pid', pg_catalog.pg_backend_pid())::pg_catalog.text)
where pg_catalog.current_setting('clonegate.guarded', true) operator(pg_catalog.=) :'token';
