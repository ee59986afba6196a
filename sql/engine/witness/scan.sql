-- What the lineage and the digest witness ask of ranges of relations, in one pass: how many rows there
-- are; whether the youngest is so young that it has to be looked at more closely; which file was read;
-- the sum of the rows' hashes, and of each column's. {parts} are of the form of piece.sql and of group.sql, which gives
-- no row for a relation without rows. Thousands of them are judged and planned, so what they share stands here.
-- Everything is qualified, so that no search_path puts another function or operator in its place. SELECT on the
-- relations; 14 and later (TID ranges).
select p.piece, coalesce(s.rows, 0) as rows,
       coalesce(s.age operator(pg_catalog.<=) pg_catalog.age('{oldest}'::pg_catalog.xid), false) as young,
       pg_catalog.pg_relation_filenode(p.relation)::bigint as filenode,
       s.sum, s.columns::pg_catalog.text as columns
  from pg_catalog.unnest('{relations}'::oid[]) with ordinality as p(relation, piece)
  left join (
{parts}
) as s(piece, rows, age, sum, columns) on s.piece operator(pg_catalog.=) p.piece
