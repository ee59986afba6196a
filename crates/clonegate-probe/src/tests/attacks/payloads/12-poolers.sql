What stands between the channel and the server is not what it should be. Only the guard sees that: the
text is harmless, the role is the right one, and nothing is written.

-- attack: options-dropped
-- through: drops-options
-- roles: minimal
-- note: rows that row security hides are then missing without a word
-- expect: guard
-- answer: an error
select count(*)::text from rows_of_somebody

-- attack: options-dropped-time-zone
-- through: drops-options
-- roles: minimal
-- note: the role's own setting shows through
-- expect: guard
-- answer: 2026-01-01 00:00:00+00
select at::text from moments

-- attack: another-database
-- through: other-database
-- roles: minimal
-- expect: guard
-- answer: s3cret-in-a-row
select secret from canary

-- attack: another-database-later
-- through: moves-later
-- roles: minimal
-- note: the first connection was what it should be
-- expect: guard
-- answer: s3cret-in-a-row
select secret from canary

-- attack: another-role
-- through: session set session authorization postgres
-- roles: superuser
-- expect: role or guard
select 1

-- attack: used-session-row-security
-- through: session set row_security = on
-- roles: minimal
-- expect: guard
-- answer: an error
select count(*)::text from rows_of_somebody

-- attack: used-session-time-zone
-- through: session set timezone = 'Asia/Tokyo'
-- roles: minimal
-- expect: guard
-- answer: 2026-01-01 00:00:00+00
select at::text from moments

-- attack: used-session-date-style
-- through: session set datestyle = 'German'
-- roles: minimal
-- expect: guard
-- answer: 2026-01-01 00:00:00+00
select at::text from moments

-- attack: used-session-without-a-time-out
-- through: session set statement_timeout = 0
-- roles: minimal
-- bounds: tight
-- note: the channel's own deadline cuts it then, a second later
-- expect: guard
select count(*) from generate_series(1, 1000000000)

-- attack: used-session-float-digits
-- through: session set extra_float_digits = -10
-- roles: minimal
-- expect: guard
-- answer: 0.30000000000000004
select (0.1::float8 + 0.2::float8)::text

-- attack: used-session-under-another-name
-- through: session set application_name = 'somebody else'
-- roles: minimal
-- note: its footprint would be taken for somebody else's
-- expect: guard
-- answer: clonegate
select left(current_setting('application_name'), 9)

-- attack: used-session-search-path
-- through: session set search_path = pg_catalog
-- roles: minimal
-- note: a caller's names are a caller's business; the channel's own are qualified
-- expect: server 42P01
select secret from canary

-- attack: used-session-without-read-only-default
-- through: session set default_transaction_read_only = off
-- roles: minimal
-- expect: guard
select 1

-- attack: used-session-strings
-- through: session set standard_conforming_strings = off
-- roles: minimal
-- note: where a string ends is for the judge to know
-- expect: guard
-- answer: 4
select length('a\nb')::text

-- attack: used-session-backslash-quote
-- through: session set backslash_quote = off
-- roles: minimal
-- expect: guard
select e'\''

-- attack: used-session-null-equals
-- through: session set transform_null_equals = on
-- roles: minimal
-- expect: guard
-- answer: unknown
select coalesce((null = null)::text, 'unknown')

-- attack: used-session-array-nulls
-- through: session set array_nulls = off
-- roles: minimal
-- expect: guard
-- answer: nothing
select coalesce(('{NULL}'::text[])[1], 'nothing')
