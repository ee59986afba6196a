-- title: axis tables absent
-- require: axis_tables = 0
-- phases: entry
--
-- A clean slate: what the build makes was not left behind by a run before. Entry only, because after
-- a persistent build they are there on purpose. In a regular expression the underscore is itself.
-- Needs no privilege. For PostgreSQL 14 to 18.
select count(*) as axis_tables
  from pg_catalog.pg_class as c
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p', 'f', 'v', 'm')
   and n.nspname <> 'information_schema'
   and n.nspname !~ '^pg_'
   and (c.relname ~ '^axis_' or c.relname = 'coverage_rule');
