\set ON_ERROR_STOP on
\pset pager off
\echo 'loading countries'
create table country (code char(2) primary key, name text, note text);
COPY country (code, name, note) FROM stdin;
CH	Schweiz	\N
DE	Deutschland	a \\ backslash; and a 'quote
FR	C\\d; DROP TABLE country; --	$$
\.
copy country from stdin with (format csv, header true, quote '"');
code,name,note
IT,"Italia, ""bella""",x
\.

\echo done
select count(*) from country;
