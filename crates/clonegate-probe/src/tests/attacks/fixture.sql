-- The production that is attacked. Asked by the superuser in it. What stands below a line of `--?`
-- and an extension's name is left out where that extension is not there.
revoke connect, temporary on database production from public;
grant connect on database production to reader, reads_all;
revoke create on schema public from public;
grant all on schema public to owner;
set role owner;
create table canary (id int primary key, secret text not null);
insert into canary values (1, 's3cret-in-a-row');
create table hidden (id int primary key, secret text not null);
insert into hidden values (1, 'hidden-from-readers');
create table numbers (n int);
insert into numbers select generate_series(1, 1200);
create table moments (at timestamptz);
insert into moments values ('2026-01-01 00:00:00+00');
create table rows_of_somebody (id int);
insert into rows_of_somebody values (1);
alter table rows_of_somebody enable row level security;
create table held (id int primary key);
insert into held values (1);
create table audit (who name, what text);
create table made_by_hand (id int);
create sequence counter;
create view numbers_view as select n from numbers;
create materialized view stale as select 1 as one;
create function fires() returns trigger language plpgsql as
  $$ begin insert into public.audit values (current_user, 'trigger'); return new; end $$;
create trigger fires before insert on made_by_hand for each row execute function fires();
create procedure works() language plpgsql as
  $$ begin insert into public.audit values (current_user, 'procedure'); commit; end $$;
-- Writes as its owner, whoever asks; here it hides behind a view that everybody may read.
create function writes_audit() returns int language plpgsql security definer as
  $$ begin insert into public.audit values (session_user, 'definer'); return 1; end $$;
create view audited as select id, secret, writes_audit() as seen from canary;
create function takes_a_row() returns int language sql security definer as
  'select id from public.held for update';
create view taken as select takes_a_row() as id from canary;
create function counts_up() returns bigint language sql security definer as
  $$ select nextval('public.counter') $$;
create view counted as select counts_up() as n from canary;
create function makes_a_table() returns int language plpgsql security definer as
  $$ begin create table public.made (id int); return 1; end $$;
create view making as select makes_a_table() as n from canary;
-- Harmless to look at, and each of them does something.
create view emits as select pg_logical_emit_message(false, 'clonegate', 'x')::text as said;
create view counts as select nextval('counter') as n;
create view takes_an_id as select pg_current_xact_id()::text as xid;
create view locks as select pg_advisory_lock(4711)::text as locked;
create function emits(int, int) returns int language sql volatile as
  $$ select $1 + length(pg_logical_emit_message(false, 'clonegate', 'operator')::text) $$;
create operator +@+ (leftarg = int, rightarg = int, function = emits);
create function tells(text) returns int language plpgsql as
  $$ begin raise exception using errcode = '55000', message = $1; end $$;
create function whispers() returns int language plpgsql as
  $$ begin raise notice '%', (select string_agg(secret, ',') from public.canary); return 1; end $$;
create domain emitting as int check (public.emits(value, 1) > 0);
-- Of the database's own, and anybody may execute them: each is there to be called without the judge's hearing of it.
create table talk (id int primary key, says text, speaks text, utters text);
insert into talk values (1, 'a', 'b', 'c');
create function says(text) returns text language plpgsql as $$ begin execute $1; return 'said'; end $$;
create function speaks(canary) returns text language sql volatile as
  $$ select pg_logical_emit_message(false, 'clonegate', 'row')::text $$;
create function utters(anyelement) returns text language sql volatile as
  $$ select pg_logical_emit_message(false, 'clonegate', 'any')::text $$;
create function murmurs(text, int default 1) returns text language sql volatile as
  $$ select pg_logical_emit_message(false, 'clonegate', 'default')::text $$;
create function mutters(variadic text[]) returns text language sql volatile as
  $$ select pg_logical_emit_message(false, 'clonegate', 'variadic')::text $$;
create function initcap(varchar) returns text language sql volatile as
  $$ select pg_logical_emit_message(false, 'clonegate', 'better')::text $$;
create function begins(varchar, varchar) returns boolean language sql volatile as
  $$ select pg_logical_emit_message(false, 'clonegate', 'operator') is not null $$;
create operator ^@ (leftarg = varchar, rightarg = varchar, function = begins);
create function fits(text) returns boolean language sql volatile as
  $$ select pg_logical_emit_message(false, 'clonegate', 'domain') is not null $$;
create domain fitting as text check (fits(value));
reset role;
grant select on talk to reader;
grant select on canary, numbers, numbers_view, moments, rows_of_somebody, held, audited, taken,
  counted, making to reader;
grant select on emits, counts, takes_an_id, locks to reads_all;
revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to owner;
grant execute on function says(text), speaks(canary), utters(anyelement), murmurs(text, int), mutters(text[]),
  initcap(varchar), begins(varchar, varchar), fits(text) to reader, reads_all;
-- Somebody accepted these: whoever reads the views needs them.
grant execute on function writes_audit(), takes_a_row(), counts_up(), makes_a_table() to reader;
--? dblink
create extension dblink;
-- What is written over the second connection is not undone by the first one's ROLLBACK.
create function writes_elsewhere() returns text language sql security definer as $$
  select public.dblink_exec(
    format('host=%s port=%s dbname=production user=postgres',
      current_setting('unix_socket_directories'), current_setting('port')),
    $w$ insert into public.audit values (current_user, 'dblink') $w$) $$;
revoke execute on function writes_elsewhere() from public;
grant execute on function writes_elsewhere() to owner;
create view innocent as select writes_elsewhere() as said;
alter view innocent owner to owner;
--? postgres_fdw
create extension postgres_fdw;
create server elsewhere foreign data wrapper postgres_fdw
  options (host '127.0.0.1', port ':port', dbname 'staging');
create user mapping for owner server elsewhere options (user 'owner', password ':password');
create user mapping for admin server elsewhere options (user 'owner', password ':password');
create foreign table far (id int, secret text) server elsewhere options (table_name 'canary');
alter foreign table far owner to owner;
grant usage on foreign server elsewhere to owner;
--? pg_walinspect
create extension pg_walinspect;
--? pg_prewarm
create extension pg_prewarm;
--? adminpack
create extension adminpack;
--? file_fdw
create extension file_fdw;
create server files foreign data wrapper file_fdw;
create foreign table passwd (line text) server files options (filename '/etc/passwd');
alter foreign table passwd owner to owner;
