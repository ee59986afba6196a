Statements that are neither reads nor plain writes.

-- attack: do-insert
-- expect: judge
do $$ begin insert into public.canary values (3, ''); end $$

-- attack: do-perform
-- expect: judge
do 'begin perform pg_logical_emit_message(false, ''x'', ''y''); end'

-- attack: do-raise-rows
-- note: a notice that carries rows
-- expect: judge
do $$ declare r record; begin for r in select * from public.canary loop raise notice '%', r; end loop; end $$

-- attack: call-procedure
-- expect: judge
call works()

-- attack: prepare
-- expect: judge
prepare mine as delete from canary

-- attack: prepare-the-drivers-name
-- note: the name under which the driver prepares its first statement
-- expect: judge
prepare s0 as select 'forged'

-- attack: execute-the-drivers-name
-- expect: judge
execute s0

-- attack: execute-unknown
-- expect: judge
execute mine

-- attack: deallocate-all
-- expect: judge
deallocate all

-- attack: deallocate-the-drivers-name
-- expect: judge
deallocate prepare s0

-- attack: declare-cursor
-- expect: judge
declare mine cursor for select 1

-- attack: declare-cursor-with-hold
-- expect: judge
declare mine cursor with hold for select generate_series(1, 100000)

-- attack: fetch
-- expect: judge
fetch all from mine

-- attack: move
-- expect: judge
move 1 from mine

-- attack: close-all
-- expect: judge
close all

-- attack: listen
-- expect: judge
listen clonegate_attacks

-- attack: unlisten
-- expect: judge
unlisten *

-- attack: notify
-- expect: judge
notify clonegate_attacks, 'from an attack'

-- attack: notify-function
-- expect: judge
select pg_notify('clonegate_attacks', 'from an attack')

-- attack: load
-- expect: judge
load 'auto_explain'

-- attack: discard-plans
-- expect: judge
discard plans

-- attack: copy-to-stdout
-- note: its rows would come past the bounds on rows
-- expect: judge
copy canary to stdout

-- attack: copy-query-to-stdout
-- expect: judge
copy (select * from canary) to stdout

-- attack: copy-from-stdin
-- expect: judge
copy canary from stdin

-- attack: copy-to-file
-- expect: judge
copy canary to '{data}/clonegate-attack-copy'

-- attack: copy-from-file
-- expect: judge
copy audit (what) from '/etc/passwd'

-- attack: copy-to-program
-- expect: judge
copy canary to program 'cat > clonegate-attack-program'

-- attack: copy-query-to-program
-- expect: judge
copy (select secret from canary) to program 'cat > clonegate-attack-program'

-- attack: copy-from-program
-- expect: judge
copy audit (what) from program 'touch clonegate-attack-program; echo x'

-- attack: copy-delete-returning
-- expect: judge
copy (delete from canary returning *) to stdout

-- attack: show-all
-- expect: answered or judge or role
show all

-- attack: values
-- expect: answered or role
values (1), (2)

-- attack: table
-- expect: answered or role
table canary

-- attack: empty
-- expect: judge
;

-- attack: comment-only
-- expect: judge
/* select 1 */

-- attack: create-temp-from-values
-- expect: judge
create temp table made as values (1)

-- attack: lock-table-nowait
-- expect: judge
lock table canary in access exclusive mode nowait
