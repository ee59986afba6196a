-- How many rows has a table ({relation}, quoted) of those that count ({which})? For a table that has no column for
-- the marker. SELECT on the table; all versions.
select pg_catalog.count(*) as rows, pg_catalog.count(*) as unmarked
  from only {relation} as t
 where {which}
