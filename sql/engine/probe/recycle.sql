-- Asks: did a session that is to be used again keep anything?
-- Needs: nothing; PostgreSQL 9.6 and later. from_sql tells PREPARE in SQL from the driver's own.
select
    (select pg_catalog.count(*) from pg_catalog.pg_prepared_statements p where p.from_sql) as prepared,
    (select pg_catalog.count(*) from pg_catalog.pg_cursors) as cursors,
    (select pg_catalog.count(*) from pg_catalog.pg_locks l
      where l.pid operator(pg_catalog.=) pg_catalog.pg_backend_pid()
        and l.locktype operator(pg_catalog.=) 'advisory') as advisory_locks
