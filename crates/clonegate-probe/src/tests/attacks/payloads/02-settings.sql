Settings, of the session and of more than that.

-- attack: set-statement-timeout
-- expect: judge
set statement_timeout = 0

-- attack: set-local-statement-timeout
-- expect: judge
set local statement_timeout = 0

-- attack: set-config-timeout-and-sleep
-- bounds: tight
-- note: the running statement is still cut; there is no second Execute on its portal
-- expect: judge
select set_config('statement_timeout', '0', false), pg_sleep(60)

-- attack: set-lock-timeout
-- expect: judge
set lock_timeout = 0

-- attack: set-idle-timeout
-- expect: judge
set idle_in_transaction_session_timeout = 0

-- attack: set-row-security
-- expect: judge
set row_security = on

-- attack: set-role
-- expect: judge
set role owner

-- attack: set-role-none
-- expect: judge
set role none

-- attack: reset-role
-- expect: judge
reset role

-- attack: set-session-authorization
-- expect: judge
set session authorization postgres

-- attack: set-config-role
-- expect: judge
select set_config('role', 'owner', false)

-- attack: set-config-session-authorization
-- expect: judge
select set_config('session_authorization', 'postgres', false)

-- attack: set-search-path
-- expect: judge
set search_path = pg_temp, public

-- attack: set-names
-- expect: judge
set names 'SQL_ASCII'

-- attack: set-time-zone
-- expect: judge
set time zone 'Asia/Tokyo'

-- attack: set-application-name
-- note: the channel's sessions are known by it
-- expect: judge
set application_name = 'somebody else'

-- attack: set-standard-conforming-strings
-- note: a text would be read otherwise than it was judged
-- expect: judge
set standard_conforming_strings = off

-- attack: set-replication-role
-- expect: judge
set session_replication_role = replica

-- attack: set-local-preload
-- expect: judge
set local_preload_libraries = 'anything'

-- attack: set-default-tablespace
-- expect: judge
set temp_tablespaces = ''

-- attack: reset-all
-- expect: judge
reset all

-- attack: alter-role-set-self
-- expect: judge
alter role reader set statement_timeout = 0

-- attack: alter-current-user-set
-- note: any role may do this to itself
-- expect: judge
alter role current_user set default_transaction_read_only = off

-- attack: alter-role-in-database
-- expect: judge
alter role current_user in database production set work_mem = '1GB'

-- attack: alter-database-set
-- expect: judge
alter database production set search_path = pg_temp

-- attack: alter-system
-- expect: judge
alter system set work_mem = '1GB'

-- attack: reload-conf
-- expect: judge
select pg_reload_conf()

-- attack: rotate-logfile
-- expect: judge
select pg_rotate_logfile()

-- attack: alter-role-password
-- expect: judge
alter role current_user password 'mine'

-- attack: alter-role-superuser
-- expect: judge
alter role reader superuser

-- attack: update-pg-settings
-- note: pg_settings has a rule that makes an UPDATE a set_config
-- expect: judge
update pg_settings set setting = '0' where name = 'statement_timeout'

-- attack: work-mem-in-cte
-- expect: judge
with s as materialized (select set_config('work_mem', '2GB', true)) select * from s

-- attack: show-data-directory
-- note: refused to whom it does not concern
-- expect minimal: server 42501 or judge
-- expect pg_read_all_data: server 42501 or judge
-- expect: answered or judge or role
show data_directory

-- attack: stats-reset
-- expect: judge
select pg_stat_reset()

-- attack: stats-reset-shared
-- expect: judge
select pg_stat_reset_shared('bgwriter')

-- attack: stats-reset-single-table
-- expect: judge
select pg_stat_reset_single_table_counters('canary'::regclass)

-- attack: stats-clear-snapshot
-- expect: judge
select pg_stat_clear_snapshot()
