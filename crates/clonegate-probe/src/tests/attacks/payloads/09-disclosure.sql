What a role was not given to read.

-- attack: a-table-without-a-grant
-- expect minimal: server 42501
-- expect pg_read_all_data: answered
-- expect: role
select secret from hidden

-- attack: password-hashes
-- expect pg_read_all_data: answered or judge
-- expect minimal: server 42501 or judge
-- expect: role or judge
select rolpassword from pg_authid

-- attack: password-hashes-shadow
-- expect minimal: server 42501 or judge
-- expect pg_read_all_data: server 42501 or judge
-- expect: role or judge
select passwd from pg_shadow

-- attack: user-mapping-options
-- needs: postgres_fdw
-- expect pg_read_all_data: answered or judge
-- expect minimal: server 42501 or judge
-- expect: role or judge
select umoptions::text from pg_user_mapping

-- attack: user-mappings-view
-- needs: postgres_fdw
-- note: the options are hidden from whom they do not concern
-- expect minimal: answered or judge
-- expect pg_read_all_data: answered or judge
-- expect: role or judge
select usename, umoptions::text from pg_user_mappings

-- attack: subscription-connection
-- expect minimal: server 42501 or judge
-- expect pg_read_all_data: answered or judge or server 42501
-- expect: role or judge
select subconninfo from pg_subscription

-- attack: statistics-of-a-hidden-table
-- note: most common values are rows; pg_stats shows only what a role may read
-- expect minimal: answered or judge
-- expect pg_read_all_data: answered or judge
-- expect: role or judge
select most_common_vals::text from pg_stats where tablename = 'hidden'

-- attack: statistics-catalog
-- expect minimal: server 42501 or judge
-- expect: role or judge
-- expect pg_read_all_data: answered or judge
select stavalues1::text from pg_statistic

-- attack: large-objects-of-others
-- expect minimal: server 42501 or judge
-- expect pg_read_all_data: answered or judge
-- expect: role or judge
select data from pg_largeobject

-- attack: source-of-functions
-- expect: answered or judge or role
select prosrc from pg_proc where proname = 'works'

-- attack: activity-of-others
-- expect: answered or judge or role
select query from pg_stat_activity where usename = 'postgres' and pid <> pg_backend_pid() and query like '%hidden%'

-- attack: row-security
-- note: hidden rows are an error and not fewer rows
-- expect minimal: server 42501
-- expect pg_read_all_data: server 42501
-- expect: role
select count(*)::text from rows_of_somebody

-- attack: error-text-carries-a-row
-- note: the server's message has the secret; what the channel shows has not
-- expect minimal: server 22P02
-- expect pg_read_all_data: server 22P02
-- expect: role
select secret::int from canary

-- attack: error-text-carries-rows
-- expect minimal: server 22P02 or judge
-- expect pg_read_all_data: server 22P02 or judge
-- expect: role or judge
select (select string_agg(secret, ',') from canary)::numeric

-- attack: error-text-by-date
-- expect minimal: server 22007
-- expect pg_read_all_data: server 22007
-- expect: role
select secret::timestamptz from canary

-- attack: error-text-by-json
-- expect minimal: server 22P02
-- expect pg_read_all_data: server 22P02
-- expect: role
select secret::json from canary

-- attack: error-text-by-json-path
-- expect: server 42601 or judge or role
select secret::jsonpath::text from canary

-- attack: error-text-by-regex
-- expect: server 2201B or judge or role
select 'x' ~ ('(' || secret) from canary

-- attack: error-text-by-xml
-- expect: server 2200N or server 2200M or judge or role or answered
select ('<a>' || secret)::xml from canary

-- attack: error-text-by-enum
-- expect minimal: server 42602 or server 42P01 or judge
-- expect pg_read_all_data: server 42602 or server 42P01 or judge
-- expect: role or judge
select secret::regclass::text from canary

-- attack: error-text-by-tsquery
-- expect: server 42601 or judge or role
select (secret || ' &')::tsquery::text from canary

-- attack: error-text-by-raise
-- note: a function can raise any SQLSTATE with any text
-- expect: judge
select tells(secret) from canary

-- attack: error-text-by-to-number
-- expect: server 22007 or judge or role
select to_date(secret, 'YYYY') from canary

-- attack: error-text-by-division
-- expect: server 22012 or role
select 1 / (length(secret) - length(secret)) from canary

-- attack: notice-carries-rows
-- note: notices are dropped
-- expect: judge
select whispers()

-- attack: plan-shows-constants
-- expect minimal: answered
-- expect pg_read_all_data: answered
-- expect: role
explain select * from canary where secret = 'x'

-- attack: plan-shows-a-folded-value
-- note: planning folds immutable functions only, which read no row
-- expect: server 42501 or answered or judge or role
explain verbose select (select secret from hidden)

-- attack: other-databases-by-name
-- expect: judge or server 0A000 or server 42P01
select secret from staging.public.canary

-- attack: system-columns
-- expect: answered or role
select ctid::text, xmin::text, tableoid::text from canary
