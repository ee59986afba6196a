What calls something of the database's own by a name that the judge takes for a column, or for a function, an operator
or a type of PostgreSQL's own. Only the server's catalogs tell; they are asked before the statement is sent.

-- attack: own-function-of-a-text
-- expect: names
select ('select pg_advisory_lock(4712)'::text).says

-- attack: own-function-of-a-literal
-- expect: names
select ('select pg_advisory_lock(4712)').says

-- attack: own-function-of-a-subquery
-- expect: names
select (select 'select pg_advisory_lock(4712)'::text).says

-- attack: own-function-of-a-call
-- expect: names
select (lower('SELECT PG_ADVISORY_LOCK(4712)')).says

-- attack: own-function-of-a-subscript
-- expect: names
select (array['select pg_advisory_lock(4712)'])[1].says

-- attack: own-function-of-an-arrays-column
-- expect: names
select x.a[1].says from (select array['select pg_advisory_lock(4712)'] as a) x

-- attack: own-function-of-a-column-in-brackets
-- expect: names
select (x.a).says from (select 'select pg_advisory_lock(4712)'::text as a) x

-- attack: own-function-of-a-function-in-from
-- expect: names
select x.says from lower('SELECT PG_ADVISORY_LOCK(4712)') x

-- attack: own-function-of-a-function-without-alias
-- expect: names
select lower.says from lower('SELECT PG_ADVISORY_LOCK(4712)')

-- attack: own-function-of-a-cast-in-from
-- expect: names
select x.says from cast('select pg_advisory_lock(4712)' as text) x

-- attack: own-function-of-a-hidden-alias
-- note: the inner x is a text, the outer one has a column of that name
-- expect: names
select (select x.says from lower('SELECT PG_ADVISORY_LOCK(4712)') x) from talk x

-- attack: own-function-of-a-with-query
-- expect: names
with x as (select says from talk) select (select x.says from lower('SELECT PG_ADVISORY_LOCK(4712)') x) from x

-- attack: own-function-in-order-by
-- expect: names
select 1 from canary order by ('select pg_advisory_lock(4712)'::text).says

-- attack: own-function-in-a-join
-- expect: names
select 1 from canary c join canary d on ('select pg_advisory_lock(4712)'::text).says is not null

-- attack: own-function-by-a-unicode-name
-- expect: names
select ('select pg_advisory_lock(4712)'::text).U&"s\0061ys"

-- attack: own-function-in-capitals
-- expect: names
select ('select pg_advisory_lock(4712)'::text).SAYS

-- attack: own-function-twice
-- expect: names
select (('select pg_advisory_lock(4712)'::text).says).says

-- attack: own-function-of-a-row
-- expect: names
select c.speaks from canary c

-- attack: own-function-of-a-row-with-its-schema
-- expect: names
select public.canary.speaks from public.canary

-- attack: own-function-of-a-whole-row
-- expect: names
select (c).speaks from canary c

-- attack: own-function-of-any-row
-- expect: names
select x.utters from (select 1 as a) x

-- attack: own-function-of-a-with-querys-row
-- expect: names
with x as (select 1 as a) select x.utters from x

-- attack: own-function-of-renamed-columns
-- note: the alias takes the name away from the column
-- expect: names
select x.utters from talk as x(a, b, c, d)

-- attack: own-function-of-a-joins-row
-- expect: names
select j.utters from (canary c join numbers n on true) as j

-- attack: own-function-of-values
-- expect: names
select v.utters from (values (1, 2)) v

-- attack: own-function-by-a-default
-- expect: names
select ('x'::text).murmurs

-- attack: own-function-by-variadic
-- expect: names
select ('x'::text).mutters

-- attack: own-function-that-fits-better
-- expect: names
select initcap('a'::varchar)

-- attack: own-function-that-fits-better-in-from
-- expect: names
select * from initcap('a'::varchar)

-- attack: own-function-that-fits-better-in-quotes
-- expect: names
select "initcap"('a'::varchar)

-- attack: own-function-that-fits-better-after-a-dot
-- expect: names
select ('a'::varchar).initcap

-- attack: own-operator-that-fits-better
-- expect: names
select 'a'::varchar ^@ 'b'::varchar

-- attack: own-operator-that-fits-better-in-where
-- expect: names
select 1 from canary where secret::varchar ^@ 'b'::varchar

-- attack: own-operator-that-fits-better-without-a-schema
-- expect: names
select 'a'::varchar operator(^@) 'b'::varchar

-- attack: own-domain-after-a-dot
-- expect: names
select ('x'::text).fitting

-- attack: own-domains-array-after-a-dot
-- expect: names
select ('{x}'::text)._fitting

-- attack: name-that-is-cut-after-a-dot
-- expect: judge
select ('x'::text).{{64 x a}}

-- attack: column-named-like-a-function
-- answer: a
-- expect: answered or role
select t.says, t.speaks, t.utters from talk t

-- attack: column-of-a-with-query-named-like-a-function
-- answer: a
-- expect: answered or role
with x as (select * from talk), y as (select x.says as says, utters from x) select y.says, y.utters from y

-- attack: function-by-its-schema
-- answer: A
-- expect: answered or role
select pg_catalog.initcap('a'::varchar)

-- attack: operator-by-its-schema
-- answer: true
-- expect: answered or role
select ('ab'::varchar operator(pg_catalog.^@) 'a'::varchar)::text
