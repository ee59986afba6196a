-- Who attacks, and the databases. Asked by the superuser in the database postgres; :password is
-- filled in. PostgreSQL 14 and later.
create role reader login password ':password';
create role reads_all login password ':password' in role pg_read_all_data;
create role owner login password ':password';
create role admin login superuser password ':password';
create database production owner owner;
create database staging owner owner;
-- The session of whoever works on production beside us. It comes from a pooler's clock zone.
alter role reader set TimeZone = 'Asia/Tokyo';
