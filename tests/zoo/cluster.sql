-- What the cluster has besides databases.
--
-- Run in: postgres, once, as superuser, with wal_level = logical. Versions: PostgreSQL 14 to 18.

create role zoo_owner;
create role zoo_keeper;
create role zoo_visitor login connection limit 3 valid until '2031-01-01 00:00:00+00';
create role "Zoo ""Röle""";
grant zoo_keeper to zoo_owner with admin option;
grant zoo_keeper to zoo_visitor;
comment on role zoo_owner is 'owns the zoo';
alter role zoo_owner set work_mem = '8MB';
alter role zoo_visitor set search_path = zoo, public;

-- The role that the witnesses read as: a plain one.
create role zoo_reader login;

set allow_in_place_tablespaces = on;
create tablespace zoo_space owner zoo_owner location '';
comment on tablespace zoo_space is 'kept apart';

select pg_create_physical_replication_slot('zoo_slot');
select pg_replication_origin_create('zoo_origin');

do $$
begin
    if current_setting('server_version_num')::int >= 150000 then
        execute 'grant set on parameter log_statement to zoo_keeper';
    end if;
end
$$;
