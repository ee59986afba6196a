What reaches the parser and the protocol in an unusual shape.

-- attack: parameter
-- expect: channel parameters or judge or role
select $1

-- attack: parameter-with-a-type
-- expect: channel parameters or judge or role
select $1::int

-- attack: parameter-far
-- expect: channel parameters or judge or role or server 42P18 or server 54023
select $65535::int

-- attack: zero-byte
-- expect: judge
select '{{nul}}'

-- attack: zero-byte-hides-the-rest
-- note: what comes behind it would be another message's beginning
-- expect: judge
select 1{{nul}}; drop table canary

-- attack: zero-byte-by-function
-- expect: server 54000 or judge or role
select chr(0)

-- attack: invalid-utf8
-- expect: server 22021 or judge or role
select convert_from('\xff', 'UTF8')

-- attack: invalid-utf8-by-escape
-- expect: judge or server 22021
select e'\xff'

-- attack: surrogate
-- expect: judge or server 22P02 or server 42601 or role
select U&'\D800'

-- attack: long-text
-- expect: judge
select '{{40000 x x}}'

-- attack: long-but-allowed
-- expect: answered or role
select length('{{30000 x x}}')

-- attack: deep-parentheses
-- expect: judge or server 54001 or answered or role
select {{8000 x (}}1{{8000 x )}}

-- attack: deep-operators
-- expect: judge or answered or server 54001 or server 42601 or role
select {{10000 x - }}1

-- attack: deep-not
-- expect: judge or answered or server 54001 or role
select {{6000 x not }}true

-- attack: deep-case
-- expect: judge or answered or server 54001 or role
select {{900 x case when true then }}1{{900 x  end}}

-- attack: deep-subqueries
-- expect: judge or answered or server 54001 or role or bounds time
select * from {{200 x (select * from }}(select 1) x{{200 x ) x}}

-- attack: deep-arrays
-- expect: judge or server 54000 or answered or role
select {{100 x array[}}1{{100 x ]}}

-- attack: deep-unions
-- expect: judge or answered or role or bounds rows or server 54001
select 1 {{600 x union all select 1 }}

-- attack: deep-json
-- expect: judge or answered or role or server 54001
select length('{{10000 x [}}{{10000 x ]}}'::json::text)

-- attack: many-columns-of-nothing
-- expect: server 54011 or judge or role
select {{2000 x 1, }}1

-- attack: unterminated-string
-- expect: judge
select 'x

-- attack: unterminated-comment
-- expect: judge
select 1 /* x

-- attack: unterminated-dollar
-- expect: judge
select $x$ x

-- attack: unterminated-name
-- expect: judge
select "x

-- attack: a-type-that-is-not-read
-- expect: channel type or answered or judge or role
select '(1,2)'::point

-- attack: copy-both
-- expect: judge
START_REPLICATION 0/1

-- attack: identify-system
-- expect: judge
IDENTIFY_SYSTEM
