-- Packs the rows of the query in braces, so that thousands of them fit the channel's bound on rows.
-- Any role; all versions.
select pg_catalog.json_agg(packed.row order by packed.n)::text as batch
  from (select pg_catalog.row_to_json(question) as row, pg_catalog.row_number() over () as n
          from ({question}) as question) as packed
 group by packed.n / 400
 order by packed.n / 400
