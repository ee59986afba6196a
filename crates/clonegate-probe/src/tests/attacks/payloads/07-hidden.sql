The same, written so that it is not found by looking at the text.

-- attack: unicode-name
-- expect: judge
select U&"s\0065tval"('counter', 100)

-- attack: unicode-name-emits
-- expect: judge
select U&"pg_logical_emit_m\0065ssage"(false, 'x', 'y')

-- attack: unicode-name-long-escape
-- expect: judge
select U&"pg_logical_emit_m\+000065ssage"(false, 'x', 'y')

-- attack: unicode-name-own-escape
-- expect: judge
select U&"pg_logical_emit_m!0065ssage" uescape '!' (false, 'x', 'y')

-- attack: unicode-schema
-- expect: judge
select U&"pg\005fcatalog"."pg_logical_emit_message"(false, 'x', 'y')

-- attack: comment-in-a-call
-- expect: judge
select pg_logical_emit_message/* a */(false, 'x', 'y')

-- attack: comment-between-name-parts
-- expect: judge
select pg_catalog/*.*/./*x*/pg_logical_emit_message(false, 'x', 'y')

-- attack: nested-comments
-- expect: judge
select /* /* */ 1; */ pg_logical_emit_message(false, 'x', 'y')

-- attack: line-comment-and-carriage-return
-- expect: judge
select 1 -- {{nul}}
, pg_logical_emit_message(false, 'x', 'y')

-- attack: capitals
-- expect: judge
SELECT PG_LOGICAL_EMIT_MESSAGE(FALSE, 'x', 'y')

-- attack: quoted-name
-- expect: judge
select "pg_logical_emit_message"(false, 'x', 'y')

-- attack: white-space
-- expect: judge
select	pg_catalog	.	"pg_logical_emit_message"
(	false , 'x','y')

-- attack: full-width-letters
-- note: not the same name to the server
-- expect: judge or server 42883
select ｐｇ_sleep(1)

-- attack: long-name-is-cut
-- note: the server cuts a name at 63 bytes, and what is left may be another name
-- expect: judge or server 42883
select pg_logical_emit_message{{60 x _}}(false, 'x', 'y')

-- attack: attribute-notation
-- note: (value).function calls it
-- bounds: tight
-- expect: judge
select (60).pg_sleep


-- attack: attribute-notation-advisory
-- expect: judge
select (1::bigint).pg_advisory_lock

-- attack: attribute-notation-in-from
-- expect: judge
select (x.k).pg_advisory_lock from (select 1::bigint as k) x

-- attack: attribute-notation-of-a-column
-- expect: judge
select x.k.pg_advisory_lock from (select 1::bigint as k) x

-- attack: attribute-notation-nextval
-- expect: judge
select ('counter'::regclass).nextval

-- attack: cast-as-a-call
-- note: a cast is looked up as a function too
-- expect: judge
select 'counter'::regclass::emitting

-- attack: operator-of-the-catalog
-- expect: answered or role
select 1 operator(pg_catalog.+) 2

-- attack: query-to-xml
-- note: runs the SQL in its text, which nobody judged
-- expect: judge
select query_to_xml('select pg_logical_emit_message(false, ''x'', ''y'')', true, false, '')

-- attack: query-to-xml-write
-- expect: judge
select query_to_xml('delete from canary returning id', true, false, '')

-- attack: query-to-xmlschema
-- expect: judge
select query_to_xmlschema('select pg_advisory_lock(1)', true, false, '')

-- attack: query-to-xml-and-xmlschema
-- expect: judge
select query_to_xml_and_xmlschema('select pg_advisory_lock(1)', true, false, '')

-- attack: cursor-to-xml
-- expect: judge
select cursor_to_xml('mine', 1, true, false, '')

-- attack: table-to-xml
-- expect: judge
select table_to_xml('canary', true, false, '')

-- attack: table-to-xml-of-a-view
-- expect: judge
select table_to_xml('emits', true, false, '')

-- attack: schema-to-xml
-- expect: judge
select schema_to_xml('public', true, false, '')

-- attack: database-to-xml
-- expect: judge
select database_to_xml(true, false, '')

-- attack: execute-string-by-plpgsql
-- expect: judge
do $$ begin execute 'select pg_logical_' || 'emit_message(false, ''x'', ''y'')'; end $$

-- attack: dollar-quotes
-- expect: answered or role
select $a$; drop table canary; -- $a$

-- attack: dollar-quote-ends-early
-- expect: judge
select $a$ $b$ $a$; drop table canary; select $a$ $a$

-- attack: string-with-a-backslash
-- note: a judge that takes \' for an escape would end the string elsewhere
-- expect: judge
select '\'; drop table canary; --'

-- attack: escape-string
-- expect: judge or answered
select e'\'; drop table canary; --'

-- attack: escape-string-with-backslash-at-the-end
-- expect: judge
select e'\\'; drop table canary; --'

-- attack: string-continued
-- expect: answered or role
select 'a'
'b'

-- attack: bit-string
-- expect: answered or judge or role
select x'ff', b'101'

-- attack: two-statements
-- expect: judge
select 1; select 2

-- attack: two-statements-second-writes
-- expect: judge
select 1; insert into canary values (2, '')

-- attack: commit-and-drop
-- expect: judge
commit; drop table canary

-- attack: closing-semicolons
-- expect: answered or role
select 1;;

-- attack: semicolon-in-a-comment
-- expect: answered or role
select 1 /* ; drop table canary */

-- attack: psql-meta-command
-- expect: judge
\! touch clonegate-attack-psql

-- attack: psql-gexec
-- expect: judge
select 'drop table canary' \gexec

-- attack: begin-atomic
-- expect: judge
create function made() returns int begin atomic insert into canary values (1, ''); select 1; end

-- attack: byte-order-mark
-- expect: judge or answered or server 42601
﻿select 1

-- attack: right-to-left-override
-- expect: judge or answered
select 1 /* ‮ */ as "‮x"

-- attack: zero-width-space-in-a-name
-- expect: judge or server 42703 or server 42883
select pg_​sleep(1)

-- attack: no-break-space
-- note: white space to a reader, a letter to the server
-- expect: judge or server 42601 or server 42703
select pg_sleep(0)

-- attack: form-feed-and-vertical-tab
-- expect: judge or server 42601
selectpg_sleep(0)
