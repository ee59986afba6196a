-- Which foreign servers of this database point at that one? Where they connect to is readable by everybody;
-- a server without dbname points at none in particular. No privileges.
select pg_catalog.concat(:'nonce', '|foreign-server|', pg_catalog.to_json(s.srvname::pg_catalog.text)::pg_catalog.text)
from pg_catalog.pg_foreign_server s
cross join lateral pg_catalog.unnest(s.srvoptions) o(option)
where o.option operator(pg_catalog.=) pg_catalog.concat('dbname=', :'database')
order by s.srvname;
