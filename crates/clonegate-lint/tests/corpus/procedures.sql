create or replace procedure archive_orders(before date, inout moved bigint default 0)
language plpgsql as $$
declare
    c cursor (d date) for select * from orders where placed < d for update skip locked;
    r record;
begin
    <<batch>>
    for r in c(before) loop
        insert into orders_archive values (r.*);
        delete from orders where current of c;
        moved := moved + 1;
        if moved % 1000 = 0 then
            commit;
        end if;
        exit batch when moved > 1e6;
    end loop;
    get diagnostics moved = row_count;
end
$$;
call archive_orders(date '2020-01-01');
