-- Replication slots of this database, by which its changes go elsewhere. Any role; all versions.
select pg_catalog.count(*) as found,
       coalesce(pg_catalog.string_agg(s.slot_name::text, ', ' order by s.slot_name), '') as names
  from pg_catalog.pg_replication_slots as s
 where s.database = current_catalog
