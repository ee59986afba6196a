-- What the lineage and the digest witness ask of a range of a relation, in one pass: how many rows there
-- are; whether the youngest is so young that it has to be looked at more closely; which file was read;
-- the sum of the rows' hashes, and of each column's. Everything is qualified, so that no search_path puts
-- another function or operator in its place. SELECT on the relation; 14 and later (TID ranges).
select {piece}::bigint as piece,
       pg_catalog.count(*) as rows,
       coalesce(pg_catalog.min(pg_catalog.age(t.xmin))
                    operator(pg_catalog.<=) pg_catalog.age('{oldest}'::pg_catalog.xid), false) as young,
       pg_catalog.pg_relation_filenode({oid})::bigint as filenode,
       {sum}::numeric as sum,
       {columns}::pg_catalog.text as columns
  from only {relation} as t{range}
