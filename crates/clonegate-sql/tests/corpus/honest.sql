-- Queries of honest people, one a block; a line `-- @ from 16` says since which version the server reads it.
-- All of them must be accepted, and tests/corpus.rs runs them on a real server.

-- @
select 1

-- @
select count(*) from shop.customers;

-- @
-- A comment before
select current_catalog as database /* and /* a nested */ one */, version();
-- and one after

-- @
select date_trunc('month', ordered_at) as month, count(*), sum(total), avg(total)::numeric(12,2)
from shop.orders group by 1 order by 1 desc

-- @
select c.country, count(*) filter (where o.status = 'done') as done, count(*) as orders
from shop.customers c left join shop.orders o on o.customer_id = c.id
group by c.country having count(*) > 1 order by 2 desc nulls last limit 10 offset 0

-- @
select customer_id, total, row_number() over (partition by customer_id order by total desc) as n,
       rank() over w, dense_rank() over w, percent_rank() over w, cume_dist() over w, ntile(4) over w,
       lag(total, 1, 0) over w as before, lead(total) over w, first_value(total) over w,
       last_value(total) over (w rows between unbounded preceding and unbounded following),
       nth_value(total, 2) over w
from shop.orders window w as (partition by customer_id order by ordered_at)

-- @
select at, value, avg(value) over (partition by sensor order by at rows between 5 preceding and current row) as moving
from shop.readings

-- @
select at, sum(value) over (order by at range between interval '1 hour' preceding and current row exclude current row) from shop.readings

-- @
select at, sum(value) over (order by sensor groups between 1 preceding and 1 following exclude ties) from shop.readings

-- @
select sum(value) over (order by at rows between 1 preceding and 1 following exclude group), count(*) over (order by at rows between 1 preceding and 1 following exclude no others) from shop.readings

-- @
select percentile_cont(0.5) within group (order by total) as median,
       percentile_disc(array[0.25, 0.75]) within group (order by total),
       mode() within group (order by status)
from shop.orders

-- @
select rank(100) within group (order by total), dense_rank(100.0) within group (order by total desc) from shop.orders

-- @
with monthly as (
    select date_trunc('month', o.ordered_at) as month, c.country, sum(o.total) as total
    from shop.orders o join shop.customers c on c.id = o.customer_id group by 1, 2
), ranked as (
    select *, rank() over (partition by month order by total desc) as place from monthly
)
select month, country, total, total - lag(total) over (partition by country order by month) as change
from ranked where place <= 3

-- @
with a as (with b as (with c as (select 1 as n) select n + 1 as n from c) select n * 2 as n from b) select n from a

-- @
with recursive r (n) as (values (1) union all select n + 1 from r where n < 10) select n from r

-- @
with recursive tree as (
    select id, name, boss, 1 as depth, array[id] as path from shop.employees where boss is null
    union all
    select e.id, e.name, e.boss, t.depth + 1, t.path || e.id from shop.employees e join tree t on e.boss = t.id
)
select repeat('  ', depth) || name, path from tree order by path

-- @
with recursive t(id, boss) as (
    select id, boss from shop.employees where boss is null
    union all select e.id, e.boss from shop.employees e join t on e.boss = t.id
) search depth first by id set ordercol cycle id set is_cycle using path
select * from t order by ordercol

-- @
with recursive t(id, boss) as (
    select id, boss from shop.employees
    union all select e.id, e.boss from shop.employees e join t on e.boss = t.id
) search breadth first by id set o cycle id set c to 'Y' default 'N' using p
select * from t

-- @
with x as materialized (select * from shop.orders), y as not materialized (select * from x) select count(*) from y

-- @
select country, status, count(*), grouping(country, status)
from shop.customers c join shop.orders o on o.customer_id = c.id
group by grouping sets ((country, status), (country), ())

-- @
select country, status, sum(total) from shop.customers c join shop.orders o on o.customer_id = c.id group by rollup (country, status)

-- @
select country, status, sum(total) from shop.customers c join shop.orders o on o.customer_id = c.id group by cube (country, status), ()

-- @
select country, status, count(*) from shop.customers c, shop.orders o where o.customer_id = c.id group by distinct rollup (country, status), rollup (country)

-- @
select distinct on (customer_id) customer_id, id, ordered_at from shop.orders order by customer_id, ordered_at desc

-- @
select distinct status from shop.orders

-- @
select id from shop.orders order by total desc fetch first 5 rows with ties

-- @
select id from shop.orders order by total offset 10 rows fetch next 5 rows only

-- @
select * from shop.orders tablesample bernoulli (10) repeatable (42)

-- @
select count(*) * 100 from shop.orders tablesample system (1)

-- @
select * from (values (1, 'one'), (2, 'two')) as v (n, word) where (n, word) <> (1, 'x')

-- @
values (1, 'a'), (2, 'b') order by 1 desc limit 1

-- @
table shop.orders

-- @
(select id from shop.orders) union all (select id from shop.customers) except select 3 intersect select 4 order by 1

-- @
select * from shop.orders o where (o.customer_id, o.total) in (select customer_id, max(total) from shop.orders group by customer_id)

-- @
select * from shop.orders where (ordered_at, id) > ('2026-01-05', 17) order by ordered_at, id limit 20

-- @
select * from shop.customers where 'a' = any (tags) and id <> all (array[1, 2, 3]) and id = some (select customer_id from shop.orders)

-- @
select tags[1], tags[1:2], tags[:2], tags[2:], array_length(tags, 1), cardinality(tags), tags || '{c}', tags @> array['a'], tags && '{b}'::text[] from shop.customers

-- @
select array(select id from shop.orders order by id limit 3), array[[1, 2], [3, 4]], (array[1, 2, 3])[2]

-- @
select unnest(tags), count(*) from shop.customers group by 1

-- @
select t.tag, t.n from shop.customers c cross join lateral unnest(c.tags) with ordinality as t (tag, n)

-- @
select c.id, latest.id, latest.total
from shop.customers c left join lateral (select o.id, o.total from shop.orders o where o.customer_id = c.id order by o.ordered_at desc limit 1) latest on true

-- @
select d::date, coalesce(sum(o.total), 0)
from generate_series('2026-01-01'::timestamptz, '2026-01-31', interval '1 day') as d
left join shop.orders o on o.ordered_at >= d and o.ordered_at < d + interval '1 day' group by d order by d

-- @
select * from generate_series(1, 10, 2) as g (n) join generate_subscripts(array[1, 2], 1) s on s = g.n

-- @
select * from rows from (generate_series(1, 3), unnest(array['a', 'b'])) with ordinality as r (n, c, ord)

-- @
select profile ->> 'plan', profile -> 'visits', profile #>> '{a,b}', profile #> '{a}', profile @> '{"plan": "pro"}', profile ? 'plan', profile ?| array['a', 'b'], profile ?& '{plan}' from shop.customers

-- @
select jsonb_path_query(payload, '$.path[*].n'), jsonb_path_exists(payload, '$.ms ? (@ > 10)'), payload @? '$.page', payload @@ '$.ms == 12' from shop.events

-- @
select jsonb_path_query_array(payload, '$.path[*] ? (@.n > $min)', '{"min": 1}'), jsonb_path_query_first(payload, 'lax $.path.n') from shop.events

-- @
select e.id, k.key, k.value from shop.events e, jsonb_each_text(e.payload) k where e.kind = 'view'

-- @
select x.n from shop.events e cross join lateral jsonb_to_recordset(e.payload -> 'path') as x (n int)

-- @
select * from jsonb_to_record('{"a": 1, "b": [1, 2], "c": "x"}') as x (a int, b int[], c text, d timestamp with time zone)

-- @
select jsonb_build_object('id', id, 'total', total), jsonb_agg(note), json_object_agg(id, status), row_to_json(o.*), to_jsonb(o) from shop.orders o group by o.id

-- @
select jsonb_set(profile, '{visits}', '4'), profile - 'plan', profile || '{"a": 1}', jsonb_pretty(profile), profile['plan'], jsonb_typeof(profile), jsonb_strip_nulls(profile) from shop.customers

-- @
select json_array_length('[1, 2]'), (jsonb '{"a": [1]}' -> 'a' ->> 0)::int

-- @ from 16
select json_object('a': 1, 'b' value 2 absent on null with unique keys returning jsonb), json_array(1, 2, null null on null), json_arrayagg(id order by id), json_objectagg('k' || id : total) from shop.orders

-- @ from 16
select payload is json object, '{}' is json, 'x' is not json array, '1' is json scalar with unique keys from shop.events

-- @ from 17
select json_value(payload, '$.page' returning text default 'none' on empty error on error), json_query(payload, '$.path' with wrapper), json_exists(payload, '$.ms') from shop.events

-- @ from 17
select json_scalar(1), json_serialize('{}' returning text), json('{}')

-- @ from 17
select j.* from shop.events e, json_table(e.payload, '$' columns (page text path '$.page', ms int path '$.ms' default 0 on empty, nested path '$.path[*]' columns (n int path '$.n', o for ordinality), has boolean exists path '$.x')) as j

-- @ from 16
select any_value(status), array_sample(array[1, 2, 3], 2), array_shuffle(array[1, 2]), random_normal(), erf(0.5), date_add(now(), interval '1 day') from shop.orders

-- @ from 17
select to_bin(5), to_oct(8), uuid_extract_version(gen_random_uuid()), xmltext('<'), merge.n from (select 1 as n) as merge

-- @ from 18
select uuidv7(), uuidv4(), array_sort(array[3, 1]), array_reverse(array[1, 2]), casefold('X'), crc32('a'::bytea), gamma(5)

-- @
select title, ts_rank(search, q), ts_headline('english', title, q) from shop.products, to_tsquery('english', 'thing & number') q where search @@ q order by 2 desc

-- @
select to_tsvector('simple', title) @@ plainto_tsquery('thing'), websearch_to_tsquery('"a b" -c'), phraseto_tsquery('a b'), setweight(search, 'A'), numnode('a & b'::tsquery), strip(search), ts_lexize('simple', 'x') from shop.products

-- @
select id from shop.products where valid @> current_date and valid && daterange('2026-01-01', '2026-12-31', '[]') and not isempty(valid) and lower(valid) is not null

-- @
select int4range(1, 10) * int4range(5, 15), numrange(1, 2) -|- numrange(2, 3), range_merge(int4range(1, 2), int4range(5, 6)), upper_inc(int4range(1, 2)), '{[1,3)}'::int4multirange + '{[5,6)}', range_agg(during) from shop.events

-- @
select ordered_at at time zone 'Europe/Vienna', timezone('UTC', ordered_at), extract(epoch from shipped_at - ordered_at) / 3600, age(ordered_at), date_part('dow', ordered_at), to_char(ordered_at, 'YYYY-MM-DD HH24:MI'), ordered_at::date from shop.orders

-- @
select interval '1 day' * 3 + interval '2 hours', interval '1-2' year to month, interval '3' day, justify_interval('40 days'), make_interval(days => 3, hours => 4), date '2026-01-01' + 7, time '10:00', timestamp '2026-01-01' - timestamp '2025-01-01', (date '2026-01-01', date '2026-02-01') overlaps (date '2026-01-15', interval '1 month')

-- @
select date_bin('15 minutes', at, timestamp '2026-01-01'), count(*), min(value), max(value), stddev(value), variance(value), corr(value, sensor), regr_slope(value, sensor) from shop.readings group by 1

-- @
select now(), clock_timestamp(), statement_timestamp(), current_date, current_time(0), current_timestamp(3), localtime, localtimestamp(1), timeofday()

-- @
select upper(name), lower(name), initcap(name), length(name), char_length(name), octet_length(name), substring(name from 2 for 3), substring(name, 2), substring(name from 'c.*r'), substring(name similar '%#"st#"%' escape '#'), position('c' in name), strpos(name, 'c'), overlay(name placing 'x' from 1 for 2), trim(both ' ' from name), trim(leading from name), ltrim(name), rtrim(name, 'x'), btrim(name), replace(name, 'a', 'b'), translate(name, 'ab', 'xy'), split_part(name, ' ', 2), left(name, 2), right(name, 2), lpad(name, 20, '*'), reverse(name), format('%s is %L', name, email), concat(name, email), concat_ws(', ', name, email), quote_ident(name), quote_literal(name), md5(name), ascii(name), chr(65), to_hex(id), encode(name::bytea, 'base64') from shop.customers

-- @
select regexp_replace(email, '@.*$', '', 'g'), regexp_match(email, '(.*)@'), regexp_split_to_array(email, '@'), email ~ '^a', email ~* 'B', email !~ 'c', email !~* 'd', email like '%@%', email not like 'x%', email ilike '%X', email not ilike 'y' escape '!', email similar to '%(a|b)%', starts_with(email, 'a'), email ^@ 'a' from shop.customers

-- @
select m[1], s from shop.customers, regexp_matches(email, '(.)@', 'g') m, string_to_table(email, '@') s, regexp_split_to_table(name, ' ') t

-- @
select abs(-1), ceil(1.2), floor(1.7), round(1.234, 2), trunc(1.9), mod(7, 3), 7 % 3, power(2, 10), 2 ^ 3, |/ 25, ||/ 27, sqrt(2), exp(1), ln(2), log(100), log(2, 8), pi(), sin(1), atan2(1, 2), degrees(1), random(), width_bucket(5, 0, 10, 5), greatest(1, 2), least(1, 2), sign(-3), gcd(4, 6), factorial(5), div(7, 2), 5 & 3, 5 | 3, 5 # 3, ~5, 1 << 3, 8 >> 1, -(-1), +1, @ -5

-- @
select case when total > 100 then 'big' when total > 10 then 'medium' else 'small' end, case status when 'new' then 1 else 2 end, nullif(note, ''), coalesce(note, 'none'), total between 1 and 10, total not between symmetric 10 and 1, note is null, note is not null, note is distinct from 'x', note is not distinct from null, total > 1 is true, (total > 1) is not unknown from shop.orders

-- @
select cast(total as int), total::float8, total::text, '2026-01-01'::timestamp(0), cast('{1,2}' as int[]), x'ff', b'101', 'a' || 1, 1e3, .5, 0.5e-3, true, null, $q1$dollar$q1$, $$a$$, E'a\n', U&'\0041', '1'::"char", 'x'::character varying(3), 'x'::char(2), 1::smallint, 1::bigint, 1::real, 1::double precision, 1::decimal(5,1), '1'::bit(3), '10:00'::time with time zone, 'x'::name, 1::oid, '1.2.3.4'::inet, '{}'::json, 'public'::regnamespace, 'shop.orders'::regclass, int '1', float8 '1.5', text 'a' || text 'b' from shop.orders limit 1

-- @
select exists (select 1 from shop.orders where total > 1), not exists (select from shop.orders where false), (select max(total) from shop.orders), row(1, 'a') = row(1, 'a'), row(1, null) is null, (1, 2) < (1, 3)

-- @
select o.id, (o).total, (o.*)::text, o.*, (select c from shop.customers c where c.id = o.customer_id).name from shop.orders o

-- @
select string_agg(name, ', ' order by name), array_agg(distinct country), bool_and(id > 0), every(true), bit_or(id::int), count(distinct (country, name)), json_agg(c order by id), max(signed_up) from shop.customers c

-- @
select name collate "C", collation for (name), name < 'x' collate "C", max(name collate "C") from shop.customers group by name order by name collate "C" using operator(pg_catalog.<) nulls first

-- @
select 1 operator(pg_catalog.+) 2, pg_catalog.upper('x'), "pg_catalog"."lower"('X'), U&"\0075pper"('x')

-- @
select point(1, 2) <-> point(3, 4), box(point(0, 0), point(1, 1)) @> point(0.5, 0.5), circle '((0,0),1)' && circle '((1,1),1)', area(box '((0,0),(2,2))'), center(circle '((0,0),1)'), lseg '[(0,0),(1,1)]' ?|| lseg '[(0,1),(1,2)]', path '((0,0),(1,1))', polygon '((0,0),(1,1),(1,0))' ~= polygon '((0,0),(1,1),(1,0))', @-@ path '((0,0),(1,0))', @@ circle '((0,0),1)', # path '((0,0),(1,0))', ?- lseg '[(0,0),(1,0)]'

-- @
select addr << inet '10.0.0.0/8', host(addr), masklen(addr), network(addr), family(addr), addr >>= inet '10.0.0.1', inet_same_family(addr, '::1'), macaddr '08:00:2b:01:02:03', text(addr) from shop.customers

-- @
select gen_random_uuid(), sha256(raw), encode(sha512(raw), 'hex'), get_byte(raw, 0), length(raw), raw || '\x00', substring(raw from 1 for 1), convert_from(raw, 'UTF8'), bit_count(raw) from shop.documents

-- @
select xmlelement(name a, xmlattributes(id as n, title), xmlelement(name b, title), 'x'), xmlforest(id, title as t), xmlconcat('<a/>', '<b/>'), xmlparse(content '<a/>'), xmlparse(document '<a/>' preserve whitespace), xmlpi(name php, 'x'), xmlserialize(content '<a/>'::xml as text), xmlroot(xmlparse(document '<a/>'), version '1.0', standalone yes), xpath('/a', '<a/>'::xml), xmlexists('//a' passing '<a/>'), xml '<a/>' is document, xmlcomment('x'), xmlagg(body) over () from shop.documents

-- @
select x.* from shop.documents d, xmltable('//row' passing by ref d.body columns id int path '@id' not null, name text path 'name' default 'none', n for ordinality) as x

-- @
select o.id from shop.orders o join shop.customers c on c.id = o.customer_id join shop.order_items i on i.order_id = o.id join shop.order_items i2 using (order_id, line) as j full join shop.products p on p.id = i.product_id right join shop.employees e on e.id = p.id natural left join shop.readings r cross join shop.documents d

-- @
select i.order_id, p.title from (shop.order_items as i inner join shop.products as p on i.product_id = p.id) where i.quantity > 1

-- @
select * from only shop.events, only (shop.events_2026) as e2 limit 1

-- @
select e.system, e.time_in, e.date_out, employees.name from shop.employees e, shop.employees limit 1

-- @
select "e"."name" as "the name", e.salary salary, e.name as select from shop.employees as e

-- @
explain select * from shop.orders

-- @
explain (verbose, costs off, format json) select count(*) from shop.orders group by status

-- @
explain verbose table shop.orders

-- @
explain (settings true, buffers off, summary on, timing off) values (1)

-- @ from 16
explain (generic_plan) select * from shop.orders where id = $1

-- @
show server_version

-- @
show all

-- @
show time zone

-- @
show transaction isolation level

-- @
show search_path

-- @
select pid, usename, application_name, client_addr, state, wait_event_type, wait_event, now() - xact_start as xact_age, left(query, 100) from pg_stat_activity where state <> 'idle' and pid <> pg_backend_pid() order by xact_start

-- @
select l.pid, l.locktype, l.mode, l.granted, l.relation::regclass, a.query, pg_blocking_pids(l.pid) from pg_locks l join pg_stat_activity a using (pid) where not l.granted

-- @
select blocked.pid, blocked.query, blocking.pid as by, blocking.query from pg_stat_activity blocked join lateral unnest(pg_blocking_pids(blocked.pid)) as b (pid) on true join pg_stat_activity blocking on blocking.pid = b.pid

-- @
select schemaname, relname, seq_scan, seq_tup_read, idx_scan, n_live_tup, n_dead_tup, round(100.0 * n_dead_tup / nullif(n_live_tup + n_dead_tup, 0), 2) as dead, last_vacuum, last_autovacuum, last_analyze from pg_stat_user_tables order by n_dead_tup desc

-- @
select s.schemaname, s.relname, s.indexrelname, s.idx_scan, pg_size_pretty(pg_relation_size(s.indexrelid)), i.indisunique from pg_stat_user_indexes s join pg_index i using (indexrelid) where s.idx_scan = 0 and not i.indisunique order by pg_relation_size(s.indexrelid) desc

-- @
select c.oid::regclass, pg_size_pretty(pg_total_relation_size(c.oid)), pg_size_pretty(pg_table_size(c.oid)), pg_size_pretty(pg_indexes_size(c.oid)), c.reltuples::bigint from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'm') and n.nspname !~ '^pg_' order by pg_total_relation_size(c.oid) desc limit 20

-- @
select n.nspname, c.relname, pg_get_indexdef(i.indexrelid), pg_get_constraintdef(k.oid, true), pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum), format_type(a.atttypid, a.atttypmod) from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid left join pg_index i on i.indrelid = c.oid left join pg_constraint k on k.conrelid = c.oid left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum where a.attnum > 0 and not a.attisdropped

-- @
select pg_get_viewdef('shop.open_orders'::regclass, true), pg_get_functiondef(p.oid), pg_get_function_arguments(p.oid), pg_get_triggerdef(t.oid), pg_get_ruledef(r.oid), pg_get_userbyid(p.proowner) from pg_proc p left join pg_trigger t on t.tgfoid = p.oid cross join pg_rewrite r where p.proname = 'age' limit 3

-- @
select datname, pg_database_size(datname), age(datfrozenxid), mxid_age(datminmxid), pg_encoding_to_char(encoding), shobj_description(oid, 'pg_database') from pg_database

-- @
select relname, age(relfrozenxid), (select setting::int from pg_settings where name = 'autovacuum_freeze_max_age') from pg_class where relkind = 'r' order by 2 desc limit 10

-- @
select name, setting, unit, source, sourcefile, pending_restart from pg_settings where source not in ('default', 'override') order by name

-- @
select sum(blks_hit) * 100.0 / nullif(sum(blks_hit + blks_read), 0) as hit_ratio, sum(deadlocks), sum(temp_bytes) from pg_stat_database

-- @
select application_name, state, sync_state, pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) as lag_bytes from pg_stat_replication

-- @
select slot_name, slot_type, active, restart_lsn, pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)) from pg_replication_slots

-- @
select pg_is_in_recovery(), pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn(), pg_last_xact_replay_timestamp(), pg_postmaster_start_time(), pg_conf_load_time()

-- @
select pg_current_snapshot(), pg_snapshot_xmin(pg_current_snapshot()), pg_snapshot_xmax(pg_current_snapshot()), txid_current_snapshot(), pg_current_xact_id_if_assigned(), pg_visible_in_snapshot('3'::xid8, pg_current_snapshot()), pg_xact_status('3'::xid8), xmin, xmax, ctid, tableoid::regclass from shop.orders limit 1

-- @
select has_table_privilege('shop.orders', 'select'), has_table_privilege(current_user, c.oid, 'insert'), has_schema_privilege('shop', 'usage'), has_database_privilege(current_database(), 'connect'), has_function_privilege('pg_sleep(float8)', 'execute'), has_column_privilege('shop.orders', 'id', 'select'), pg_has_role('pg_read_all_stats', 'member'), row_security_active('shop.orders') from pg_class c limit 1

-- @
select a.grantee::regrole, a.privilege_type, a.is_grantable from pg_class c cross join lateral aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a where c.oid = 'shop.orders'::regclass

-- @
select table_schema, table_name, column_name, data_type, is_nullable, column_default from information_schema.columns where table_schema not in ('pg_catalog', 'information_schema') order by 1, 2, ordinal_position

-- @
select tc.constraint_name, kcu.column_name, ccu.table_name from information_schema.table_constraints tc join information_schema.key_column_usage kcu using (constraint_schema, constraint_name) join information_schema.constraint_column_usage ccu using (constraint_schema, constraint_name) where tc.constraint_type = 'FOREIGN KEY'

-- @
select (information_schema._pg_expandarray(array[5, 6])).n, 'x'::information_schema.sql_identifier

-- @
select inhrelid::regclass, pg_get_expr(relpartbound, c.oid), t.level from pg_inherits join pg_class c on c.oid = inhrelid cross join lateral pg_partition_tree('shop.events') t where pg_partition_root(inhrelid) = 'shop.events'::regclass

-- @
select schemaname, tablename, attname, null_frac, n_distinct, correlation, avg_width from pg_stats where schemaname = 'shop'

-- @
select rolname, rolsuper, rolcanlogin, rolconnlimit, rolvaliduntil, array(select b.rolname from pg_auth_members m join pg_roles b on b.oid = m.roleid where m.member = r.oid) as member_of from pg_roles r

-- @
select extname, extversion, n.nspname, e.default_version from pg_extension x join pg_namespace n on n.oid = x.extnamespace left join pg_available_extensions e on e.name = x.extname

-- @
select current_setting('work_mem'), current_setting('no.such', true), pg_size_bytes('4MB'), current_schemas(true), inet_server_addr(), pg_backend_pid(), session_user, user, current_role, pg_my_temp_schema()

-- @
select to_regclass('shop.orders'), to_regtype('int4'), pg_relation_filepath('shop.orders'), pg_relation_filenode('shop.orders'), pg_column_size(o.*), pg_table_is_visible('shop.orders'::regclass), pg_describe_object('pg_class'::regclass, 'shop.orders'::regclass, 0), pg_identify_object('pg_class'::regclass, 'shop.orders'::regclass, 0) from shop.orders o limit 1

-- @
select pg_stat_get_live_tuples(c.oid), pg_stat_get_dead_tuples(c.oid), pg_stat_get_last_vacuum_time(c.oid), obj_description(c.oid, 'pg_class'), pg_index_column_has_property('shop.orders_customer', 1, 'asc') from pg_class c where relname = 'orders'

-- @
select cc.relname, ceil((cc.reltuples * ((datahdr + 8 - (case when datahdr % 8 = 0 then 8 else datahdr % 8 end)) + 24)) / (8192 - 20::float)) as otta, cc.relpages from (select c.oid, c.relname, c.reltuples, c.relpages, (select sum((1 - s.null_frac) * s.avg_width) from pg_stats s where s.tablename = c.relname)::numeric as datahdr from pg_class c where c.relkind = 'r') as cc

-- @
select sequencename, last_value, max_value, round(100.0 * last_value / max_value, 4) from pg_sequences union all select 'x', last_value, null, null from shop.events_id_seq

-- @
select locktype, database, relation::regclass, page, tuple, virtualxid, transactionid, mode, granted, fastpath from pg_lock_status()

-- @
select gid, prepared, owner, database from pg_prepared_xacts union all select name, statement::timestamptz, null, null from pg_prepared_statements where false

-- @
select count(*) from pg_largeobject_metadata; ;

-- @
select record_send(o), sha256(record_send(o)), hash_record_extended(o, 7), sha256(string_agg(record_send(o), '' order by o.id)) from shop.orders o group by o.*

-- @
select "id", "name" from "shop"."customers" where "name" = 'it''s' and name <> 'a -- no comment' and name <> '/* neither */' and name <> $q$pg_sleep(1)$q$

-- @
select cohort, week, count(distinct customer_id) * 100.0 / first_value(count(distinct customer_id)) over (partition by cohort order by week) from (select o.customer_id, date_trunc('week', min(o.ordered_at) over (partition by o.customer_id)) as cohort, floor(extract(epoch from o.ordered_at - min(o.ordered_at) over (partition by o.customer_id)) / 604800)::int as week from shop.orders o) x group by cohort, week order by cohort, week

-- @
select session, count(*), max(at) - min(at) from (select *, sum(case when gap > interval '30 minutes' then 1 else 0 end) over (partition by kind order by at) as visit from (select *, at - lag(at) over (partition by kind order by at) as gap from shop.events) g) v group by session, visit

-- @
select not (a and (b or not c)) from (values (true, false, null::boolean)) v (a, b, c)

-- @
select nextval, currval from (values (1, 2)) as s (nextval, currval)

-- @
select lower, upper, count from (select 'x' as lower, 'y' as upper, 1 as count) q where q.count = 1 and q.lower = 'x'

-- @
select 1 as "pg_sleep", 'pg_sleep(1)', "pg_sleep" from (select 1 as pg_sleep) x

-- @
select * from pg_timezone_names where name like 'Europe/%' union all select null, abbrev, utc_offset, is_dst from pg_timezone_abbrevs

-- @
select sum(total) filter (where status = 'paid') over (order by ordered_at) from shop.orders order by ordered_at desc nulls last, id asc nulls first

-- @
select normalize('é', NFC), 'é' is nfc normalized, 'e' is not normalized

-- @
select from shop.orders

-- @
select/**/1/***/+/*+-*/1 ------

-- @
select all id from shop.orders union distinct select all 1

-- @
select pg_typeof(1), pg_typeof(null::int[]), num_nulls(1, null), num_nonnulls(variadic array[1, null])

-- @
select format('%2$s %1$s', variadic array['a', 'b']), make_timestamptz(2026, 1, 2, 3, 4, 5.0, 'UTC'), to_timestamp(0), to_date('2026', 'YYYY'), to_number('1,000', '9G999')

-- @
select coalesce(name, '') || ', ' || country::text || ', ' || id::text || ', ' || upper(name) || ', ' || coalesce(name, '') || ', ' || country::text || ', ' || id::text || ', ' || upper(name) || ', ' || coalesce(name, '') || ', ' || country::text || ', ' || id::text || ', ' || upper(name) || ', ' || coalesce(name, '') || ', ' || country::text || ', ' || id::text || ', ' || upper(name) || ', ' || coalesce(name, '') || ', ' || country::text || ', ' || id::text || ', ' || upper(name) || ', ' || coalesce(name, '') || ', ' || country::text || ', ' || id::text || ', ' || upper(name) || ', ' || coalesce(name, '') || ', ' || country::text || ', ' || id::text || ', ' || upper(name) || ', ' || coalesce(name, '') || ', ' || country::text || ', ' || id::text || ', ' || upper(name) || ', ' || coalesce(name, '') || ', ' || country::text || ', ' || id::text || ', ' || upper(name) || ', ' || coalesce(name, '') || ', ' || country::text || ', ' || id::text || ', ' || upper(name) || ', ' || coalesce(name, '') || ', ' || country::text || ', ' || id::text || ', ' || upper(name) || ', ' || coalesce(name, '') || ', ' || country::text || ', ' || id::text || ', ' || upper(name) || ', ' || coalesce(name, '') || ', ' || country::text || ', ' || id::text || ', ' || upper(name) || ', ' || coalesce(name, '') || ', ' || country::text || ', ' || id::text || ', ' || upper(name) || ', ' || coalesce(name, '') || ', ' || country::text || ', ' || id::text || ', ' || upper(name) || ', ' || coalesce(name, '') || ', ' || country::text || ', ' || id::text || ', ' || upper(name) || ', ' || coalesce(name, '') || ', ' || country::text || ', ' || id::text || ', ' || upper(name) || ', ' || coalesce(name, '') || ', ' || country::text || ', ' || id::text || ', ' || upper(name) || ', ' || coalesce(name, '') || ', ' || country::text || ', ' || id::text || ', ' || upper(name) || ', ' || coalesce(name, '') || ', ' || country::text || ', ' || id::text || ', ' || upper(name) as line from shop.customers

-- @
select * from shop.orders where id = 0 or id = 1 or id = 2 or id = 3 or id = 4 or id = 5 or id = 6 or id = 7 or id = 8 or id = 9 or id = 10 or id = 11 or id = 12 or id = 13 or id = 14 or id = 15 or id = 16 or id = 17 or id = 18 or id = 19 or id = 20 or id = 21 or id = 22 or id = 23 or id = 24 or id = 25 or id = 26 or id = 27 or id = 28 or id = 29 or id = 30 or id = 31 or id = 32 or id = 33 or id = 34 or id = 35 or id = 36 or id = 37 or id = 38 or id = 39 or id = 40 or id = 41 or id = 42 or id = 43 or id = 44 or id = 45 or id = 46 or id = 47 or id = 48 or id = 49 or id = 50 or id = 51 or id = 52 or id = 53 or id = 54 or id = 55 or id = 56 or id = 57 or id = 58 or id = 59 or id = 60 or id = 61 or id = 62 or id = 63 or id = 64 or id = 65 or id = 66 or id = 67 or id = 68 or id = 69 or id = 70 or id = 71 or id = 72 or id = 73 or id = 74 or id = 75 or id = 76 or id = 77 or id = 78 or id = 79 or id = 80 or id = 81 or id = 82 or id = 83 or id = 84 or id = 85 or id = 86 or id = 87 or id = 88 or id = 89 or id = 90 or id = 91 or id = 92 or id = 93 or id = 94 or id = 95 or id = 96 or id = 97 or id = 98 or id = 99 or id = 100 or id = 101 or id = 102 or id = 103 or id = 104 or id = 105 or id = 106 or id = 107 or id = 108 or id = 109 or id = 110 or id = 111 or id = 112 or id = 113 or id = 114 or id = 115 or id = 116 or id = 117 or id = 118 or id = 119 or id = 120 or id = 121 or id = 122 or id = 123 or id = 124 or id = 125 or id = 126 or id = 127 or id = 128 or id = 129 or id = 130 or id = 131 or id = 132 or id = 133 or id = 134 or id = 135 or id = 136 or id = 137 or id = 138 or id = 139 or id = 140 or id = 141 or id = 142 or id = 143 or id = 144 or id = 145 or id = 146 or id = 147 or id = 148 or id = 149 or id = 150 or id = 151 or id = 152 or id = 153 or id = 154 or id = 155 or id = 156 or id = 157 or id = 158 or id = 159 or id = 160 or id = 161 or id = 162 or id = 163 or id = 164 or id = 165 or id = 166 or id = 167 or id = 168 or id = 169 or id = 170 or id = 171 or id = 172 or id = 173 or id = 174 or id = 175 or id = 176 or id = 177 or id = 178 or id = 179 or id = 180 or id = 181 or id = 182 or id = 183 or id = 184 or id = 185 or id = 186 or id = 187 or id = 188 or id = 189 or id = 190 or id = 191 or id = 192 or id = 193 or id = 194 or id = 195 or id = 196 or id = 197 or id = 198 or id = 199

-- @
select * from shop.orders where id in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127, 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 139, 140, 141, 142, 143, 144, 145, 146, 147, 148, 149, 150, 151, 152, 153, 154, 155, 156, 157, 158, 159, 160, 161, 162, 163, 164, 165, 166, 167, 168, 169, 170, 171, 172, 173, 174, 175, 176, 177, 178, 179, 180, 181, 182, 183, 184, 185, 186, 187, 188, 189, 190, 191, 192, 193, 194, 195, 196, 197, 198, 199, 200, 201, 202, 203, 204, 205, 206, 207, 208, 209, 210, 211, 212, 213, 214, 215, 216, 217, 218, 219, 220, 221, 222, 223, 224, 225, 226, 227, 228, 229, 230, 231, 232, 233, 234, 235, 236, 237, 238, 239, 240, 241, 242, 243, 244, 245, 246, 247, 248, 249, 250, 251, 252, 253, 254, 255, 256, 257, 258, 259, 260, 261, 262, 263, 264, 265, 266, 267, 268, 269, 270, 271, 272, 273, 274, 275, 276, 277, 278, 279, 280, 281, 282, 283, 284, 285, 286, 287, 288, 289, 290, 291, 292, 293, 294, 295, 296, 297, 298, 299, 300, 301, 302, 303, 304, 305, 306, 307, 308, 309, 310, 311, 312, 313, 314, 315, 316, 317, 318, 319, 320, 321, 322, 323, 324, 325, 326, 327, 328, 329, 330, 331, 332, 333, 334, 335, 336, 337, 338, 339, 340, 341, 342, 343, 344, 345, 346, 347, 348, 349, 350, 351, 352, 353, 354, 355, 356, 357, 358, 359, 360, 361, 362, 363, 364, 365, 366, 367, 368, 369, 370, 371, 372, 373, 374, 375, 376, 377, 378, 379, 380, 381, 382, 383, 384, 385, 386, 387, 388, 389, 390, 391, 392, 393, 394, 395, 396, 397, 398, 399, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 418, 419, 420, 421, 422, 423, 424, 425, 426, 427, 428, 429, 430, 431, 432, 433, 434, 435, 436, 437, 438, 439, 440, 441, 442, 443, 444, 445, 446, 447, 448, 449, 450, 451, 452, 453, 454, 455, 456, 457, 458, 459, 460, 461, 462, 463, 464, 465, 466, 467, 468, 469, 470, 471, 472, 473, 474, 475, 476, 477, 478, 479, 480, 481, 482, 483, 484, 485, 486, 487, 488, 489, 490, 491, 492, 493, 494, 495, 496, 497, 498, 499, 500, 501, 502, 503, 504, 505, 506, 507, 508, 509, 510, 511, 512, 513, 514, 515, 516, 517, 518, 519, 520, 521, 522, 523, 524, 525, 526, 527, 528, 529, 530, 531, 532, 533, 534, 535, 536, 537, 538, 539, 540, 541, 542, 543, 544, 545, 546, 547, 548, 549, 550, 551, 552, 553, 554, 555, 556, 557, 558, 559, 560, 561, 562, 563, 564, 565, 566, 567, 568, 569, 570, 571, 572, 573, 574, 575, 576, 577, 578, 579, 580, 581, 582, 583, 584, 585, 586, 587, 588, 589, 590, 591, 592, 593, 594, 595, 596, 597, 598, 599, 600, 601, 602, 603, 604, 605, 606, 607, 608, 609, 610, 611, 612, 613, 614, 615, 616, 617, 618, 619, 620, 621, 622, 623, 624, 625, 626, 627, 628, 629, 630, 631, 632, 633, 634, 635, 636, 637, 638, 639, 640, 641, 642, 643, 644, 645, 646, 647, 648, 649, 650, 651, 652, 653, 654, 655, 656, 657, 658, 659, 660, 661, 662, 663, 664, 665, 666, 667, 668, 669, 670, 671, 672, 673, 674, 675, 676, 677, 678, 679, 680, 681, 682, 683, 684, 685, 686, 687, 688, 689, 690, 691, 692, 693, 694, 695, 696, 697, 698, 699, 700, 701, 702, 703, 704, 705, 706, 707, 708, 709, 710, 711, 712, 713, 714, 715, 716, 717, 718, 719, 720, 721, 722, 723, 724, 725, 726, 727, 728, 729, 730, 731, 732, 733, 734, 735, 736, 737, 738, 739, 740, 741, 742, 743, 744, 745, 746, 747, 748, 749, 750, 751, 752, 753, 754, 755, 756, 757, 758, 759, 760, 761, 762, 763, 764, 765, 766, 767, 768, 769, 770, 771, 772, 773, 774, 775, 776, 777, 778, 779, 780, 781, 782, 783, 784, 785, 786, 787, 788, 789, 790, 791, 792, 793, 794, 795, 796, 797, 798, 799, 800, 801, 802, 803, 804, 805, 806, 807, 808, 809, 810, 811, 812, 813, 814, 815, 816, 817, 818, 819, 820, 821, 822, 823, 824, 825, 826, 827, 828, 829, 830, 831, 832, 833, 834, 835, 836, 837, 838, 839, 840, 841, 842, 843, 844, 845, 846, 847, 848, 849, 850, 851, 852, 853, 854, 855, 856, 857, 858, 859, 860, 861, 862, 863, 864, 865, 866, 867, 868, 869, 870, 871, 872, 873, 874, 875, 876, 877, 878, 879, 880, 881, 882, 883, 884, 885, 886, 887, 888, 889, 890, 891, 892, 893, 894, 895, 896, 897, 898, 899, 900, 901, 902, 903, 904, 905, 906, 907, 908, 909, 910, 911, 912, 913, 914, 915, 916, 917, 918, 919, 920, 921, 922, 923, 924, 925, 926, 927, 928, 929, 930, 931, 932, 933, 934, 935, 936, 937, 938, 939, 940, 941, 942, 943, 944, 945, 946, 947, 948, 949, 950, 951, 952, 953, 954, 955, 956, 957, 958, 959, 960, 961, 962, 963, 964, 965, 966, 967, 968, 969, 970, 971, 972, 973, 974, 975, 976, 977, 978, 979, 980, 981, 982, 983, 984, 985, 986, 987, 988, 989, 990, 991, 992, 993, 994, 995, 996, 997, 998, 999, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 1016, 1017, 1018, 1019, 1020, 1021, 1022, 1023, 1024, 1025, 1026, 1027, 1028, 1029, 1030, 1031, 1032, 1033, 1034, 1035, 1036, 1037, 1038, 1039, 1040, 1041, 1042, 1043, 1044, 1045, 1046, 1047, 1048, 1049, 1050, 1051, 1052, 1053, 1054, 1055, 1056, 1057, 1058, 1059, 1060, 1061, 1062, 1063, 1064, 1065, 1066, 1067, 1068, 1069, 1070, 1071, 1072, 1073, 1074, 1075, 1076, 1077, 1078, 1079, 1080, 1081, 1082, 1083, 1084, 1085, 1086, 1087, 1088, 1089, 1090, 1091, 1092, 1093, 1094, 1095, 1096, 1097, 1098, 1099, 1100, 1101, 1102, 1103, 1104, 1105, 1106, 1107, 1108, 1109, 1110, 1111, 1112, 1113, 1114, 1115, 1116, 1117, 1118, 1119, 1120, 1121, 1122, 1123, 1124, 1125, 1126, 1127, 1128, 1129, 1130, 1131, 1132, 1133, 1134, 1135, 1136, 1137, 1138, 1139, 1140, 1141, 1142, 1143, 1144, 1145, 1146, 1147, 1148, 1149, 1150, 1151, 1152, 1153, 1154, 1155, 1156, 1157, 1158, 1159, 1160, 1161, 1162, 1163, 1164, 1165, 1166, 1167, 1168, 1169, 1170, 1171, 1172, 1173, 1174, 1175, 1176, 1177, 1178, 1179, 1180, 1181, 1182, 1183, 1184, 1185, 1186, 1187, 1188, 1189, 1190, 1191, 1192, 1193, 1194, 1195, 1196, 1197, 1198, 1199, 1200, 1201, 1202, 1203, 1204, 1205, 1206, 1207, 1208, 1209, 1210, 1211, 1212, 1213, 1214, 1215, 1216, 1217, 1218, 1219, 1220, 1221, 1222, 1223, 1224, 1225, 1226, 1227, 1228, 1229, 1230, 1231, 1232, 1233, 1234, 1235, 1236, 1237, 1238, 1239, 1240, 1241, 1242, 1243, 1244, 1245, 1246, 1247, 1248, 1249, 1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258, 1259, 1260, 1261, 1262, 1263, 1264, 1265, 1266, 1267, 1268, 1269, 1270, 1271, 1272, 1273, 1274, 1275, 1276, 1277, 1278, 1279, 1280, 1281, 1282, 1283, 1284, 1285, 1286, 1287, 1288, 1289, 1290, 1291, 1292, 1293, 1294, 1295, 1296, 1297, 1298, 1299, 1300, 1301, 1302, 1303, 1304, 1305, 1306, 1307, 1308, 1309, 1310, 1311, 1312, 1313, 1314, 1315, 1316, 1317, 1318, 1319, 1320, 1321, 1322, 1323, 1324, 1325, 1326, 1327, 1328, 1329, 1330, 1331, 1332, 1333, 1334, 1335, 1336, 1337, 1338, 1339, 1340, 1341, 1342, 1343, 1344, 1345, 1346, 1347, 1348, 1349, 1350, 1351, 1352, 1353, 1354, 1355, 1356, 1357, 1358, 1359, 1360, 1361, 1362, 1363, 1364, 1365, 1366, 1367, 1368, 1369, 1370, 1371, 1372, 1373, 1374, 1375, 1376, 1377, 1378, 1379, 1380, 1381, 1382, 1383, 1384, 1385, 1386, 1387, 1388, 1389, 1390, 1391, 1392, 1393, 1394, 1395, 1396, 1397, 1398, 1399, 1400, 1401, 1402, 1403, 1404, 1405, 1406, 1407, 1408, 1409, 1410, 1411, 1412, 1413, 1414, 1415, 1416, 1417, 1418, 1419, 1420, 1421, 1422, 1423, 1424, 1425, 1426, 1427, 1428, 1429, 1430, 1431, 1432, 1433, 1434, 1435, 1436, 1437, 1438, 1439, 1440, 1441, 1442, 1443, 1444, 1445, 1446, 1447, 1448, 1449, 1450, 1451, 1452, 1453, 1454, 1455, 1456, 1457, 1458, 1459, 1460, 1461, 1462, 1463, 1464, 1465, 1466, 1467, 1468, 1469, 1470, 1471, 1472, 1473, 1474, 1475, 1476, 1477, 1478, 1479, 1480, 1481, 1482, 1483, 1484, 1485, 1486, 1487, 1488, 1489, 1490, 1491, 1492, 1493, 1494, 1495, 1496, 1497, 1498, 1499, 1500, 1501, 1502, 1503, 1504, 1505, 1506, 1507, 1508, 1509, 1510, 1511, 1512, 1513, 1514, 1515, 1516, 1517, 1518, 1519, 1520, 1521, 1522, 1523, 1524, 1525, 1526, 1527, 1528, 1529, 1530, 1531, 1532, 1533, 1534, 1535, 1536, 1537, 1538, 1539, 1540, 1541, 1542, 1543, 1544, 1545, 1546, 1547, 1548, 1549, 1550, 1551, 1552, 1553, 1554, 1555, 1556, 1557, 1558, 1559, 1560, 1561, 1562, 1563, 1564, 1565, 1566, 1567, 1568, 1569, 1570, 1571, 1572, 1573, 1574, 1575, 1576, 1577, 1578, 1579, 1580, 1581, 1582, 1583, 1584, 1585, 1586, 1587, 1588, 1589, 1590, 1591, 1592, 1593, 1594, 1595, 1596, 1597, 1598, 1599, 1600, 1601, 1602, 1603, 1604, 1605, 1606, 1607, 1608, 1609, 1610, 1611, 1612, 1613, 1614, 1615, 1616, 1617, 1618, 1619, 1620, 1621, 1622, 1623, 1624, 1625, 1626, 1627, 1628, 1629, 1630, 1631, 1632, 1633, 1634, 1635, 1636, 1637, 1638, 1639, 1640, 1641, 1642, 1643, 1644, 1645, 1646, 1647, 1648, 1649, 1650, 1651, 1652, 1653, 1654, 1655, 1656, 1657, 1658, 1659, 1660, 1661, 1662, 1663, 1664, 1665, 1666, 1667, 1668, 1669, 1670, 1671, 1672, 1673, 1674, 1675, 1676, 1677, 1678, 1679, 1680, 1681, 1682, 1683, 1684, 1685, 1686, 1687, 1688, 1689, 1690, 1691, 1692, 1693, 1694, 1695, 1696, 1697, 1698, 1699, 1700, 1701, 1702, 1703, 1704, 1705, 1706, 1707, 1708, 1709, 1710, 1711, 1712, 1713, 1714, 1715, 1716, 1717, 1718, 1719, 1720, 1721, 1722, 1723, 1724, 1725, 1726, 1727, 1728, 1729, 1730, 1731, 1732, 1733, 1734, 1735, 1736, 1737, 1738, 1739, 1740, 1741, 1742, 1743, 1744, 1745, 1746, 1747, 1748, 1749, 1750, 1751, 1752, 1753, 1754, 1755, 1756, 1757, 1758, 1759, 1760, 1761, 1762, 1763, 1764, 1765, 1766, 1767, 1768, 1769, 1770, 1771, 1772, 1773, 1774, 1775, 1776, 1777, 1778, 1779, 1780, 1781, 1782, 1783, 1784, 1785, 1786, 1787, 1788, 1789, 1790, 1791, 1792, 1793, 1794, 1795, 1796, 1797, 1798, 1799, 1800, 1801, 1802, 1803, 1804, 1805, 1806, 1807, 1808, 1809, 1810, 1811, 1812, 1813, 1814, 1815, 1816, 1817, 1818, 1819, 1820, 1821, 1822, 1823, 1824, 1825, 1826, 1827, 1828, 1829, 1830, 1831, 1832, 1833, 1834, 1835, 1836, 1837, 1838, 1839, 1840, 1841, 1842, 1843, 1844, 1845, 1846, 1847, 1848, 1849, 1850, 1851, 1852, 1853, 1854, 1855, 1856, 1857, 1858, 1859, 1860, 1861, 1862, 1863, 1864, 1865, 1866, 1867, 1868, 1869, 1870, 1871, 1872, 1873, 1874, 1875, 1876, 1877, 1878, 1879, 1880, 1881, 1882, 1883, 1884, 1885, 1886, 1887, 1888, 1889, 1890, 1891, 1892, 1893, 1894, 1895, 1896, 1897, 1898, 1899, 1900, 1901, 1902, 1903, 1904, 1905, 1906, 1907, 1908, 1909, 1910, 1911, 1912, 1913, 1914, 1915, 1916, 1917, 1918, 1919, 1920, 1921, 1922, 1923, 1924, 1925, 1926, 1927, 1928, 1929, 1930, 1931, 1932, 1933, 1934, 1935, 1936, 1937, 1938, 1939, 1940, 1941, 1942, 1943, 1944, 1945, 1946, 1947, 1948, 1949, 1950, 1951, 1952, 1953, 1954, 1955, 1956, 1957, 1958, 1959, 1960, 1961, 1962, 1963, 1964, 1965, 1966, 1967, 1968, 1969, 1970, 1971, 1972, 1973, 1974, 1975, 1976, 1977, 1978, 1979, 1980, 1981, 1982, 1983, 1984, 1985, 1986, 1987, 1988, 1989, 1990, 1991, 1992, 1993, 1994, 1995, 1996, 1997, 1998, 1999)

-- @
select sum(case when status = 's0' then total else 0 end)+sum(case when status = 's1' then total else 0 end)+sum(case when status = 's2' then total else 0 end)+sum(case when status = 's3' then total else 0 end)+sum(case when status = 's4' then total else 0 end)+sum(case when status = 's5' then total else 0 end)+sum(case when status = 's6' then total else 0 end)+sum(case when status = 's7' then total else 0 end)+sum(case when status = 's8' then total else 0 end)+sum(case when status = 's9' then total else 0 end)+sum(case when status = 's10' then total else 0 end)+sum(case when status = 's11' then total else 0 end)+sum(case when status = 's12' then total else 0 end)+sum(case when status = 's13' then total else 0 end)+sum(case when status = 's14' then total else 0 end)+sum(case when status = 's15' then total else 0 end)+sum(case when status = 's16' then total else 0 end)+sum(case when status = 's17' then total else 0 end)+sum(case when status = 's18' then total else 0 end)+sum(case when status = 's19' then total else 0 end)+sum(case when status = 's20' then total else 0 end)+sum(case when status = 's21' then total else 0 end)+sum(case when status = 's22' then total else 0 end)+sum(case when status = 's23' then total else 0 end)+sum(case when status = 's24' then total else 0 end)+sum(case when status = 's25' then total else 0 end)+sum(case when status = 's26' then total else 0 end)+sum(case when status = 's27' then total else 0 end)+sum(case when status = 's28' then total else 0 end)+sum(case when status = 's29' then total else 0 end)+sum(case when status = 's30' then total else 0 end)+sum(case when status = 's31' then total else 0 end)+sum(case when status = 's32' then total else 0 end)+sum(case when status = 's33' then total else 0 end)+sum(case when status = 's34' then total else 0 end)+sum(case when status = 's35' then total else 0 end)+sum(case when status = 's36' then total else 0 end)+sum(case when status = 's37' then total else 0 end)+sum(case when status = 's38' then total else 0 end)+sum(case when status = 's39' then total else 0 end)+sum(case when status = 's40' then total else 0 end)+sum(case when status = 's41' then total else 0 end)+sum(case when status = 's42' then total else 0 end)+sum(case when status = 's43' then total else 0 end)+sum(case when status = 's44' then total else 0 end)+sum(case when status = 's45' then total else 0 end)+sum(case when status = 's46' then total else 0 end)+sum(case when status = 's47' then total else 0 end)+sum(case when status = 's48' then total else 0 end)+sum(case when status = 's49' then total else 0 end)+sum(case when status = 's50' then total else 0 end)+sum(case when status = 's51' then total else 0 end)+sum(case when status = 's52' then total else 0 end)+sum(case when status = 's53' then total else 0 end)+sum(case when status = 's54' then total else 0 end)+sum(case when status = 's55' then total else 0 end)+sum(case when status = 's56' then total else 0 end)+sum(case when status = 's57' then total else 0 end)+sum(case when status = 's58' then total else 0 end)+sum(case when status = 's59' then total else 0 end)+sum(case when status = 's60' then total else 0 end)+sum(case when status = 's61' then total else 0 end)+sum(case when status = 's62' then total else 0 end)+sum(case when status = 's63' then total else 0 end)+sum(case when status = 's64' then total else 0 end)+sum(case when status = 's65' then total else 0 end)+sum(case when status = 's66' then total else 0 end)+sum(case when status = 's67' then total else 0 end)+sum(case when status = 's68' then total else 0 end)+sum(case when status = 's69' then total else 0 end)+sum(case when status = 's70' then total else 0 end)+sum(case when status = 's71' then total else 0 end)+sum(case when status = 's72' then total else 0 end)+sum(case when status = 's73' then total else 0 end)+sum(case when status = 's74' then total else 0 end)+sum(case when status = 's75' then total else 0 end)+sum(case when status = 's76' then total else 0 end)+sum(case when status = 's77' then total else 0 end)+sum(case when status = 's78' then total else 0 end)+sum(case when status = 's79' then total else 0 end) from shop.orders

-- @
select 0 as n union all select 1 as n union all select 2 as n union all select 3 as n union all select 4 as n union all select 5 as n union all select 6 as n union all select 7 as n union all select 8 as n union all select 9 as n union all select 10 as n union all select 11 as n union all select 12 as n union all select 13 as n union all select 14 as n union all select 15 as n union all select 16 as n union all select 17 as n union all select 18 as n union all select 19 as n union all select 20 as n union all select 21 as n union all select 22 as n union all select 23 as n union all select 24 as n union all select 25 as n union all select 26 as n union all select 27 as n union all select 28 as n union all select 29 as n union all select 30 as n union all select 31 as n union all select 32 as n union all select 33 as n union all select 34 as n union all select 35 as n union all select 36 as n union all select 37 as n union all select 38 as n union all select 39 as n union all select 40 as n union all select 41 as n union all select 42 as n union all select 43 as n union all select 44 as n union all select 45 as n union all select 46 as n union all select 47 as n union all select 48 as n union all select 49 as n union all select 50 as n union all select 51 as n union all select 52 as n union all select 53 as n union all select 54 as n union all select 55 as n union all select 56 as n union all select 57 as n union all select 58 as n union all select 59 as n union all select 60 as n union all select 61 as n union all select 62 as n union all select 63 as n union all select 64 as n union all select 65 as n union all select 66 as n union all select 67 as n union all select 68 as n union all select 69 as n union all select 70 as n union all select 71 as n union all select 72 as n union all select 73 as n union all select 74 as n union all select 75 as n union all select 76 as n union all select 77 as n union all select 78 as n union all select 79 as n union all select 80 as n union all select 81 as n union all select 82 as n union all select 83 as n union all select 84 as n union all select 85 as n union all select 86 as n union all select 87 as n union all select 88 as n union all select 89 as n union all select 90 as n union all select 91 as n union all select 92 as n union all select 93 as n union all select 94 as n union all select 95 as n union all select 96 as n union all select 97 as n union all select 98 as n union all select 99 as n

-- @
with totals as (select o.*, c.country from shop.orders o join shop.customers c on c.id = o.customer_id)
select t.status, t.country, t.total from totals t where t.status in ('new', 'paid') order by t.total desc limit 5

-- @
select e.kind, e.n, e.kind || ': ' || e.n as line from (select kind, count(*) as n from shop.events group by kind) e order by e.n

-- @
select g.n, p.key, p.value from generate_series(1, 2) as g(n), lateral jsonb_each('{"a": 1}') as p

-- @
select c.id, c.name, c.email from shop.customers c natural join (select id from shop.customers) v where c.name like 'customer 1%'

-- @
with recursive tree as (
    select e.id, e.name, e.boss, 1 as level from shop.employees e where e.boss is null
    union all
    select e.id, e.name, e.boss, t.level + 1 from shop.employees e join tree t on e.boss = t.id
)
select tree.name, tree.level, (select b.name from tree b where b.id = tree.boss) as boss from tree order by tree.level, tree.id

-- @
select case c.country when 'AT' then 'Austria' else c.country end as country, count(*) filter (where c.email is distinct from c.name) as n
from shop.customers as c group by c.country having count(*) between 1 and 100
