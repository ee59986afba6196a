-- Extensions by which a statement reaches other servers, files or networks (dblink and its like). Any role; all
-- versions.
select pg_catalog.count(*) as found,
       coalesce(pg_catalog.string_agg(e.extname::text, ', ' order by e.extname), '') as names
  from pg_catalog.pg_extension as e
 where e.extname in ('dblink', 'postgres_fdw', 'mysql_fdw', 'oracle_fdw', 'tds_fdw', 'mongo_fdw', 'redis_fdw', 'file_fdw',
                     'http', 'pg_net', 'plproxy', 'aws_s3', 'aws_lambda', 'pg_background', 'adminpack', 'pglogical')
