-- Does this very session still have the clone's lock, and which mark does the clone carry? The owner stands
-- in the statement, where holder.sql finds it. No privileges.
select pg_catalog.concat(:'nonce', '|still|', pg_catalog.json_build_object(
    'owner', :'owner',
    'mark', (
        select pg_catalog.substring(pg_catalog.shobj_description(d.oid, 'pg_database'), '(?n)^clonegate run: (.*)$')
        from pg_catalog.pg_database d where d.datname operator(pg_catalog.=) :'clone'),
    'held', exists (
        select from pg_catalog.pg_locks l
        where l.locktype operator(pg_catalog.=) 'advisory'
            and l.pid operator(pg_catalog.=) pg_catalog.pg_backend_pid()
            and l.granted
            and l.objsubid operator(pg_catalog.=) 1
            and ((l.classid::pg_catalog.int8 operator(pg_catalog.<<) 32) operator(pg_catalog.|) l.objid::pg_catalog.int8)
                operator(pg_catalog.=) :'key'::pg_catalog.int8))::pg_catalog.text);
