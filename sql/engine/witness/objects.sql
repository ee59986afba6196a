-- Packs the rows of the query in braces into one, as batch.sql does, where there may be very many of them and their
-- attributes are an array: each is written as an array of its identity and its attributes, one behind the other. Of
-- columns half of the time is to write their texts, and as JSON that takes half as long again. How many there are
-- is said beside it.
-- What a later version's catalog has besides is rare, and stands apart. Any role; all versions.
select pg_catalog.count(*)::text as listed,
       coalesce(pg_catalog.string_agg(pg_catalog.array_prepend(question.identity, question.attributes)::text, ''), '') as objects,
       coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('identity', question.identity, 'attributes', question.more))
                    filter (where question.more is not null), '[]')::text as more
  from ({question}) as question
