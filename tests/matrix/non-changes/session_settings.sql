-- what: settings of a session
set work_mem = '1MB';
set timezone = 'Asia/Tokyo';
select pg_advisory_lock(1);
listen zoo;
notify zoo;
