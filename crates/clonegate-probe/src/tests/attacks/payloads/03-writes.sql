What writes, whatever it is called.

-- attack: insert
-- expect: judge
insert into canary values (2, 'x')

-- attack: insert-returning
-- expect: judge
insert into canary values (2, 'x') returning id

-- attack: update
-- expect: judge
update canary set secret = ''

-- attack: delete
-- expect: judge
delete from canary

-- attack: merge
-- versions: 15-
-- expect: judge
merge into canary c using (select 1 as id) s on c.id = s.id when matched then delete

-- attack: truncate
-- expect: judge
truncate canary

-- attack: cte-delete
-- expect: judge
with gone as (delete from canary returning *) select * from gone

-- attack: cte-insert-unused
-- note: a data-modifying WITH runs even where nobody reads it
-- expect: judge
with made as (insert into canary values (2, 'x')) select 1

-- attack: cte-nested
-- expect: judge
with a as (with b as (update canary set secret = '' returning id) select * from b) select * from a

-- attack: cte-below-values
-- expect: judge
with gone as (delete from canary returning id) values (1)

-- attack: cte-below-table
-- expect: judge
with gone as (delete from canary returning id) table canary

-- attack: select-into
-- expect: judge
select * into made from canary

-- attack: select-into-temp
-- expect: judge
select 1 as one into temporary made

-- attack: select-into-unlogged
-- expect: judge
select 1 as one into unlogged made

-- attack: create-table-as
-- expect: judge
create table made as select * from canary

-- attack: create-table-as-execute
-- expect: judge
create table made as execute something

-- attack: create-table
-- expect: judge
create table made (id int)

-- attack: create-temp-table
-- expect: judge
create temporary table made (id int)

-- attack: create-temp-sequence
-- expect: judge
create temporary sequence made

-- attack: create-temp-view
-- expect: judge
create temporary view made as select 1

-- attack: create-in-pg-temp
-- expect: judge
create function pg_temp.f() returns int language sql as 'select 1'

-- attack: create-view
-- expect: judge
create view made as select 1

-- attack: create-function
-- expect: judge
create function made() returns int language sql as 'select 1'

-- attack: create-schema
-- expect: judge
create schema made

-- attack: create-index
-- expect: judge
create index on canary (secret)

-- attack: create-index-concurrently
-- expect: judge
create index concurrently on canary (secret)

-- attack: create-extension
-- expect: judge
create extension pg_trgm

-- attack: create-role
-- expect: judge
create role made login superuser

-- attack: create-database
-- expect: judge
create database made

-- attack: create-tablespace
-- expect: judge
create tablespace made location '/tmp'

-- attack: create-event-trigger
-- expect: judge
create event trigger made on ddl_command_start execute function fires()

-- attack: create-publication
-- expect: judge
create publication made for all tables

-- attack: create-subscription
-- expect: judge
create subscription made connection 'dbname=staging' publication p with (connect = false)

-- attack: create-server
-- expect: judge
create server made foreign data wrapper postgres_fdw

-- attack: create-cast
-- expect: judge
create cast (int as text) with inout

-- attack: create-operator
-- expect: judge
create operator @@@ (leftarg = int, rightarg = int, function = int4eq)

-- attack: create-statistics
-- expect: judge
create statistics made on id, secret from canary

-- attack: create-rule
-- expect: judge
create rule made as on insert to canary do instead nothing

-- attack: create-policy
-- expect: judge
create policy made on rows_of_somebody using (true)

-- attack: drop-table
-- expect: judge
drop table canary

-- attack: drop-owned
-- expect: judge
drop owned by current_user

-- attack: reassign-owned
-- expect: judge
reassign owned by owner to reader

-- attack: drop-database
-- expect: judge
drop database staging

-- attack: alter-table
-- expect: judge
alter table canary add column mine int

-- attack: alter-table-owner
-- expect: judge
alter table canary owner to reader

-- attack: alter-table-disable-rls
-- expect: judge
alter table rows_of_somebody disable row level security

-- attack: alter-sequence
-- expect: judge
alter sequence counter restart

-- attack: alter-default-privileges
-- note: any role may do this for itself
-- expect: judge
alter default privileges grant select on tables to public

-- attack: grant
-- expect: judge
grant all on canary to public

-- attack: grant-role
-- expect: judge
grant owner to reader

-- attack: revoke
-- expect: judge
revoke select on canary from reader

-- attack: comment
-- expect: judge
comment on table canary is 'mine'

-- attack: security-label
-- expect: judge
security label on table canary is 'mine'

-- attack: import-foreign-schema
-- expect: judge
import foreign schema public from server elsewhere into public

-- attack: vacuum
-- expect: judge
vacuum canary

-- attack: vacuum-full
-- expect: judge
vacuum full canary

-- attack: analyze
-- expect: judge
analyze canary

-- attack: analyze-all
-- expect: judge
analyze

-- attack: cluster
-- expect: judge
cluster canary using canary_pkey

-- attack: reindex
-- expect: judge
reindex table canary

-- attack: reindex-concurrently
-- expect: judge
reindex table concurrently canary

-- attack: refresh-materialized-view
-- expect: judge
refresh materialized view stale

-- attack: checkpoint
-- expect: judge
checkpoint

-- attack: explain-analyze-delete
-- expect: judge
explain analyze delete from canary

-- attack: explain-options-analyze
-- expect: judge
explain (analyze true, costs off) insert into canary values (2, 'x')

-- attack: explain-options-analyze-quoted
-- expect: judge
explain ("analyze") delete from canary

-- attack: explain-analyse-british
-- expect: judge
explain analyse update canary set secret = ''

-- attack: explain-create-table-as
-- expect: judge
explain analyze create table made as select 1

-- attack: explain-analyze-select-function
-- expect: judge
explain (analyze) select pg_logical_emit_message(false, 'x', 'y')

-- attack: explain-analyze-plain
-- expect: judge
explain analyze select pg_sleep(0)

-- attack: explain-execute
-- expect: judge
explain analyze execute something

-- attack: explain-plans-a-delete
-- note: without ANALYZE nothing runs
-- expect: judge
explain delete from canary

-- attack: nextval
-- expect: judge
select nextval('counter')

-- attack: nextval-quoted
-- expect: judge
select pg_catalog."nextval"('counter'::regclass)

-- attack: setval
-- expect: judge
select setval('counter', 100)

-- attack: lastval
-- expect: judge or server 55000
select lastval()

-- attack: identity-by-default
-- expect: judge
insert into canary (id, secret) overriding system value values (3, '')

-- attack: catalog-update
-- expect: judge
update pg_class set relname = 'gone' where relname = 'canary'

-- attack: catalog-delete
-- expect: judge
delete from pg_authid
