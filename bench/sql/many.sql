-- Small tables, each with a key, a numeric, a time and jsonb, and 20 rows. {rows} of them.
select format('create table public.small_%1$s (id bigint primary key, name text not null, amount numeric(12, 2),'
              ' made timestamptz not null default now(), note jsonb);'
              'insert into public.small_%1$s'
              ' select n, ''row '' || n, n * 1.25, timestamptz ''2024-01-01 00:00:00+00'' + n * interval ''1 h'','
              '        jsonb_build_object(''n'', n) from generate_series(1, 20) as n', i)
  from generate_series(1, {rows}) as i
\gexec
