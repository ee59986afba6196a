-- what: a replication origin is created
-- caught-by: catalog: replication origin new_origin exists
-- undo: select pg_replication_origin_drop('new_origin')
select pg_replication_origin_create('new_origin');
