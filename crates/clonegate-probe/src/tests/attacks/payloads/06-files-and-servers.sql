Files of the server, and other servers.

-- attack: read-file
-- expect: judge
select pg_read_file('/etc/passwd')

-- attack: read-binary-file
-- expect: judge
select convert_from(pg_read_binary_file('/etc/passwd'), 'UTF8')

-- attack: read-file-of-the-cluster
-- expect: judge
select pg_read_file('pg_hba.conf')

-- attack: list-directory
-- expect: judge
select pg_ls_dir('.')

-- attack: list-log-directory
-- expect: judge
select pg_ls_logdir()

-- attack: list-wal-directory
-- expect: judge
select pg_ls_waldir()

-- attack: stat-file
-- expect: judge
select pg_stat_file('postgresql.conf')

-- attack: current-logfile
-- expect: judge or server 42501
select pg_current_logfile()

-- attack: hba-rules
-- expect minimal: server 42501 or judge
-- expect pg_read_all_data: server 42501 or judge or answered
-- expect: role or judge
select * from pg_hba_file_rules

-- attack: file-settings
-- expect minimal: server 42501 or judge
-- expect pg_read_all_data: server 42501 or judge or answered
-- expect: role or judge
select * from pg_file_settings

-- attack: file-write
-- needs: adminpack
-- expect: judge
select pg_file_write('clonegate-attack-file', 'x', false)

-- attack: file-unlink
-- needs: adminpack
-- expect: judge
select pg_file_unlink('postgresql.conf')

-- attack: file-foreign-table
-- needs: file_fdw
-- expect minimal: server 42501
-- expect pg_read_all_data: answered
-- expect: role
select line from passwd

-- attack: program-foreign-table
-- expect: judge
create foreign table made (x text) server files options (program 'touch clonegate-attack-program')

-- attack: read-through-xml
-- expect: judge or server 2200M or answered
select xmlparse(document '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>')

-- attack: dblink-exec
-- needs: dblink
-- expect: judge
select dblink_exec('dbname=production', 'insert into audit values (current_user, ''x'')')

-- attack: dblink-connect
-- needs: dblink
-- expect: judge
select dblink_connect('mine', 'host=127.0.0.1 dbname=production')

-- attack: dblink-query
-- needs: dblink
-- expect: judge
select * from dblink('host=127.0.0.1 dbname=staging', 'select secret from canary') as t(secret text)

-- attack: dblink-through-a-definer
-- needs: dblink
-- note: it wrote, in a READ ONLY transaction, and the ROLLBACK did not take it back
-- expect: judge
select writes_elsewhere()

-- attack: dblink-through-a-definer-in-a-view
-- needs: dblink
-- note: a plain SELECT of a plain name
-- expect minimal: server 42501
-- expect pg_read_all_data: server 42501
-- expect: role
select * from innocent

-- attack: definer-that-writes
-- expect: judge
select writes_audit()

-- attack: foreign-table
-- needs: postgres_fdw
-- expect minimal: server 42501
-- expect pg_read_all_data: server 42704
-- expect: role
select secret from far

-- attack: foreign-table-write
-- needs: postgres_fdw
-- expect: judge
insert into far values (2, 'x')

-- attack: foreign-connections
-- needs: postgres_fdw
-- expect: judge
select postgres_fdw_disconnect_all()

-- attack: analyze-foreign-table
-- expect: judge
analyze far
