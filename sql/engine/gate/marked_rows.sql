-- How many rows has a table ({relation}, quoted) of those that count ({which}), and how many of them don't begin
-- with the marker ({prefix}, a literal) in its column ({column}, quoted)? SELECT on the table; all versions.
select pg_catalog.count(*) as rows,
       pg_catalog.count(*) filter (
           where not coalesce(pg_catalog.starts_with(t.{column}::text, {prefix}), false)) as unmarked
  from only {relation} as t
 where {which}
