-- Eight columns with text, jsonb and numeric, as an application has them. {rows} rows.
create table public.wide (
    id bigint primary key, customer integer not null, made timestamptz not null, status text not null,
    amount numeric(14, 4) not null, note text, payload jsonb not null, done boolean not null
);
insert into public.wide
select n, n * 7919 % 100003, timestamptz '2024-01-01 00:00:00+00' + n * interval '37 s',
       (array['new', 'open', 'paid', 'sent', 'closed'])[1 + n % 5],
       (n * 104729 % 10000000)::numeric / 10000,
       case when n % 7 <> 0 then repeat(md5(n::text), 1 + (n % 3)::integer) || ' note of ' || n end,
       jsonb_build_object('n', n, 'tags', jsonb_build_array('a' || n % 13, 'b' || n % 17),
                          'deep', jsonb_build_object('x', n % 1000, 'y', md5((n * 3)::text)),
                          'price', (n % 100000)::numeric / 100),
       n % 3 = 0
  from generate_series(1::bigint, {rows}) as n;
