What must go through, so that a set of layers that refuses everything is no success.

-- attack: a-select
-- expect: answered or role
-- answer: s3cret-in-a-row
select secret from canary

-- attack: a-view
-- expect: answered or role
select * from numbers_view order by n limit 3

-- attack: an-aggregate
-- expect: answered or role
select count(*), sum(n), avg(n), min(n), max(n) from numbers

-- attack: a-window
-- expect: answered or role
select n, row_number() over (order by n desc) from numbers limit 3

-- attack: a-cte
-- expect: answered or role
with recursive r(n) as (select 1 union all select n + 1 from r where n < 10) select * from r

-- attack: a-catalog
-- expect: answered or role
select relname from pg_class where relname = 'canary'

-- attack: a-plan
-- expect: answered or role
explain select * from numbers

-- attack: json
-- expect: answered or role
select '{"a": [1, 2]}'::jsonb -> 'a' ->> 0

-- attack: a-setting
-- expect: answered or role
show statement_timeout

-- attack: the-time
-- expect: answered or role
select now() is not null, current_date is not null
