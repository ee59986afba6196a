Too many rows, too many bytes, too long.

-- attack: endless-rows
-- expect: bounds rows or role
select generate_series(1, 2000000000)

-- attack: more-rows-than-allowed
-- expect: bounds rows or role
select n from numbers

-- attack: rows-of-a-cross-join
-- expect: bounds rows or role
select a.n from numbers a, numbers b

-- attack: rows-by-values
-- expect: bounds rows or role
select * from (values {{600 x (1),}}(1)) v

-- attack: rows-by-unnest
-- expect: bounds rows or role
select unnest(string_to_array(repeat('x,', 2000), ','))

-- attack: rows-of-a-table-without-end
-- expect: bounds rows or role
with recursive r(n) as (select 1 union all select n + 1 from r) select n from r

-- attack: limit-does-not-help
-- expect: bounds rows or role
select n from numbers limit 100000 offset 1

-- attack: fetch-first-with-ties
-- expect: bounds rows or role
select 1 as one from numbers order by one fetch first 1 row with ties

-- attack: many-bytes
-- expect: bounds bytes or role
select repeat('x', 10000) from generate_series(1, 400)

-- attack: one-huge-row
-- expect: bounds bytes or role
select repeat('x', 30 * 1024 * 1024)

-- attack: huge-row-by-aggregate
-- expect: bounds bytes or role
select string_agg(repeat('x', 10000), '') from generate_series(1, 2000)

-- attack: huge-array
-- expect: bounds bytes or role
select array_agg(n) from generate_series(1, 1000000) n

-- attack: huge-json
-- expect: bounds bytes or role
select json_agg(n)::text from generate_series(1, 1000000) n

-- attack: huge-bytes-in-hex
-- expect: bounds bytes or role or judge
select convert_to(repeat('x', 5000000), 'UTF8')

-- attack: many-columns
-- expect: bounds bytes or role
select {{150 x repeat('x', 10000), }}1

-- attack: huge-error-text
-- expect: bounds bytes or server 22P02 or role
select repeat('x', 20 * 1024 * 1024)::int

-- attack: sleep
-- bounds: tight
-- expect: judge
select pg_sleep(60)

-- attack: sleep-for
-- bounds: tight
-- expect: judge
select pg_sleep_for('1 minute')

-- attack: sleep-until
-- bounds: tight
-- expect: judge
select pg_sleep_until(clock_timestamp() + interval '1 minute')

-- attack: sleep-a-row
-- note: every row within the time-out, all of them not
-- bounds: tight
-- expect: judge
select n, pg_sleep(0.1) from numbers

-- attack: long-count
-- bounds: tight
-- expect: bounds time or role
select count(*) from generate_series(1, 1000000000)

-- attack: long-cross-join
-- bounds: tight
-- expect: bounds time or role
select count(*) from numbers a, numbers b, numbers c

-- attack: recursion-bomb
-- bounds: tight
-- expect: bounds time or role
with recursive r(n) as (select 1 union all select n + 1 from r where n > 0) select max(n) from r where n < 0

-- attack: recursion-that-doubles
-- note: it is cut long before it needs much memory
-- bounds: tight
-- expect: bounds time or role
with recursive r(n) as (select 1 union all select n from r, generate_series(1, 2)) select count(*) from r

-- attack: huge-sort
-- bounds: tight
-- expect: bounds time or role
select n from generate_series(1, 100000000) n order by md5(n::text) limit 1

-- attack: huge-hash
-- bounds: tight
-- expect: bounds time or role
select count(distinct md5(n::text)) from generate_series(1, 100000000) n

-- attack: slow-regex
-- bounds: tight
-- expect: bounds time or role
select count(*) from numbers a, numbers b where repeat('a', 500) ~ ('^(a+)+' || b.n || '$') or a.n < 0

-- attack: slow-numeric
-- bounds: tight
-- expect: bounds time or role
select count(factorial(n)) from generate_series(3000, 30000) n

-- attack: slow-power
-- bounds: tight
-- expect: bounds time or role or judge
select sum(exp(n::numeric)) from generate_series(1000, 5900) n, generate_series(1, 100) m

-- attack: slow-window
-- bounds: tight
-- expect: bounds time or role
select max(s) from (select sum(n) over (order by n rows between unbounded preceding and unbounded following exclude current row) as s from generate_series(1, 200000) n) x

-- attack: slow-planner
-- note: a plan of many joins; the planner heeds the time-out too
-- bounds: tight
-- expect: bounds time or answered or role
select count(*) from numbers n1 natural join numbers n2 natural join numbers n3 natural join numbers n4 natural join numbers n5 natural join numbers n6 natural join numbers n7 natural join numbers n8 natural join numbers n9 natural join numbers n10 natural join numbers n11

-- attack: out-of-memory-by-repeat
-- expect: server 54000 or server XX000 or role or bounds bytes
select length(repeat(repeat('x', 100000), 100000))

-- attack: parallel-workers
-- bounds: tight
-- note: their processes end with the statement
-- expect: bounds time or role
select count(*) from numbers a, numbers b, numbers c where a.n + b.n + c.n < 0
