-- The closer look at a range with young rows: how many are newer than entry; how many are older, but have a
-- transaction id that was not yet below entry's horizon, with the sum of those ids; and the sum of the
-- hashes of all that are not newer. SELECT on the relation; 14 and later.
select {piece}::bigint as piece,
       pg_catalog.count(*) filter (where {newer}) as newer,
       pg_catalog.count(*) filter (where {recent}) as recent,
       coalesce(pg_catalog.sum(t.xmin::pg_catalog.text::bigint) filter (where {recent}), 0)::bigint as recent_xids,
       pg_catalog.pg_relation_filenode({oid})::bigint as filenode,
       {sum}::numeric as sum
  from only {relation} as t{range}
