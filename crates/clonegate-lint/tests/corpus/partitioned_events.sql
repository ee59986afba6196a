create table events (
    at timestamptz not null,
    kind text not null,
    body jsonb
) partition by range (at);

do $$
declare
    month date := date '2024-01-01';
    n int;
begin
    while month < date '2025-01-01' loop
        execute format('create table events_%s partition of events for values from (%L) to (%L)',
                       to_char(month, 'YYYY_MM'), month, month + interval '1 month');
        month := month + interval '1 month';
    end loop;
    select count(*) into strict n from pg_inherits where inhparent = 'events'::regclass;
    assert n = 12, 'wanted a partition a month';
    for n in reverse 12..1 loop
        continue when n % 2 = 0;
        raise notice 'month %', n using hint = 'nothing to do';
    end loop;
exception
    when duplicate_table then
        raise warning 'there already: %', sqlerrm;
end
$$;
create table events_default partition of events default;
create index on events using brin (at);
