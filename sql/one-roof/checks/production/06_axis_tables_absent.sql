-- title: axis tables absent
-- require: axis_tables = 0
-- across: unchanged
--
-- What the build makes on the clone must not exist here, in whichever schema. Asked of the catalog,
-- so that absence is an answer and not an error. In a regular expression the underscore is itself.
-- Needs no privilege. For PostgreSQL 14 to 18.
select count(*) as axis_tables
  from pg_catalog.pg_class as c
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p', 'f', 'v', 'm')
   and n.nspname <> 'information_schema'
   and n.nspname !~ '^pg_'
   and (c.relname ~ '^axis_' or c.relname = 'coverage_rule');
