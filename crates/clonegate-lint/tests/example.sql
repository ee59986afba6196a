create table public.notes (id int);
comment on table public.orders is 'größer'; alter system set fsync = off;
	do $$
begin
    perform dblink_exec('dbname=directus', 'delete from a');
end
$$;
create function public.f() returns int language sql as $f$
    select 1
$f$;
-- rollback
drop table public.notes;
