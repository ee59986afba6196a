-- pgbench's accounts: many short rows. {rows} of them.
create table public.pgbench_accounts (
    aid integer not null, bid integer, abalance integer, filler character(84)
) with (fillfactor = 100);
insert into public.pgbench_accounts
select n, (n - 1) / 100000 + 1, 0, '' from generate_series(1, {rows}) as n;
alter table public.pgbench_accounts add primary key (aid);
