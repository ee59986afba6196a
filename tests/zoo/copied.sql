-- What a copy of the zoo does not get from its template, because the cluster keeps it.
--
-- Run in: every copy, as superuser. Versions: PostgreSQL 14 to 18. psql sets DBNAME itself.

alter database :"DBNAME" set work_mem = '5MB';
alter role zoo_visitor in database :"DBNAME" set statement_timeout = '7s';
alter database :"DBNAME" connection limit 40;
revoke temporary on database :"DBNAME" from public;
grant connect on database :"DBNAME" to zoo_visitor;
comment on database :"DBNAME" is 'a zoo';
set client_min_messages = error;
create subscription zoo_subscription connection 'host=127.0.0.1 dbname=nowhere'
    publication elsewhere with (connect = false, slot_name = none);
