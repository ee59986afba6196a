-- Small relations within scan.sql that are added up together, which costs the server half of what it costs to
-- plan a query for each. {members} are of the form of member.sql.
select r.piece, pg_catalog.count(*), pg_catalog.min(pg_catalog.age(r.xid)), {sum}, null::numeric[] from (
{members}
) as r(piece, xid{written}) group by r.piece
