-- Packs the rows of the query in braces into one, so that thousands of them fit the channel's bound on rows.
-- Any role; all versions.
select coalesce(pg_catalog.json_agg(question), '[]')::text as batch
  from ({question}) as question
