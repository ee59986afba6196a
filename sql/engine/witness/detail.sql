-- The closer look at a range with young rows: how many are newer than entry; how many are older, but have a
-- transaction id that was not yet below entry's horizon, with the sum of the hashes of those ids (of the ids
-- themselves some have the sum of others); and the sum of the hashes of all that are not newer. SELECT on the
-- relation; 14 and later.
select {piece}::bigint as piece,
       pg_catalog.count(*) filter (where {newer}) as newer,
       pg_catalog.count(*) filter (where {recent}) as recent,
       pg_catalog.sum(pg_catalog.hashint8extended(t.xmin::pg_catalog.text::bigint, '0')) filter (where {recent}) as recent_xids,
       pg_catalog.pg_relation_filenode({oid})::bigint as filenode,
       {sum}::numeric as sum
  from only {relation} as t{range}
