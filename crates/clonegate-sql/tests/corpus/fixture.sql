-- The tables that the honest queries ask. Made by tests/corpus.rs on a server of its own.
create schema shop;
create table shop.customers (
    id bigint primary key,
    name text not null,
    email text,
    country text,
    signed_up timestamptz not null default now(),
    tags text[] not null default '{}',
    profile jsonb not null default '{}',
    referred_by bigint references shop.customers,
    addr inet
);
create table shop.products (
    id bigint primary key,
    title text not null,
    category text,
    price numeric(12, 2) not null,
    attributes jsonb not null default '{}',
    search tsvector,
    valid daterange
);
create table shop.orders (
    id bigint primary key,
    customer_id bigint not null references shop.customers,
    status text not null,
    ordered_at timestamptz not null,
    shipped_at timestamptz,
    total numeric(12, 2) not null,
    note text
);
create table shop.order_items (
    order_id bigint not null references shop.orders,
    line int not null,
    product_id bigint not null references shop.products,
    quantity int not null,
    price numeric(12, 2) not null,
    primary key (order_id, line)
);
create table shop.events (
    id bigint generated always as identity,
    at timestamptz not null,
    kind text not null,
    session uuid,
    payload jsonb not null,
    place point,
    during tstzrange
) partition by range (at);
create table shop.events_2026 partition of shop.events for values from ('2026-01-01') to ('2027-01-01');
create table shop.employees (id int primary key, name text, boss int, salary numeric, system text, time_in time, date_out date);
create table shop.documents (id int primary key, body xml, raw bytea, title text);
create table shop.readings (sensor int, at timestamp, value float8);
create index orders_customer on shop.orders (customer_id);
create index products_search on shop.products using gin (search);
create view shop.open_orders as select * from shop.orders where status <> 'done';
insert into shop.customers (id, name, email, country, tags, profile, addr)
select n, 'customer ' || n, n || '@example.org', (array['AT', 'DE', 'CH'])[1 + n % 3], array['a', 'b'], '{"plan": "pro", "visits": 3}', '10.0.0.1'
  from generate_series(1, 30) as n;
insert into shop.products (id, title, category, price, attributes, search, valid)
select n, 'thing ' || n, 'kind ' || n % 4, n * 1.5, '{"color": "red", "sizes": [1, 2]}', to_tsvector('english', 'thing number ' || n), '[2026-01-01,)'
  from generate_series(1, 20) as n;
insert into shop.orders (id, customer_id, status, ordered_at, total)
select n, 1 + n % 30, (array['new', 'paid', 'done'])[1 + n % 3], '2026-01-01'::timestamptz + n * interval '7 hours', n
  from generate_series(1, 200) as n;
insert into shop.order_items select n, 1, 1 + n % 20, n % 5 + 1, n from generate_series(1, 200) as n;
insert into shop.events (at, kind, session, payload, place, during)
select '2026-02-01'::timestamptz + n * interval '1 minute', (array['view', 'click'])[1 + n % 2], gen_random_uuid(), '{"page": "/a", "ms": 12, "path": [{"n": 1}, {"n": 2}]}', point(n, n), tstzrange('2026-02-01', '2026-02-02')
  from generate_series(1, 100) as n;
insert into shop.employees (id, name, boss, salary) values (1, 'a', null, 10), (2, 'b', 1, 8), (3, 'c', 1, 7), (4, 'd', 2, 5);
insert into shop.documents (id, raw, title) values (1, '\x0102', 'one');
insert into shop.readings select n % 3, '2026-01-01'::timestamp + n * interval '1 minute', n from generate_series(1, 300) as n;
analyze;
