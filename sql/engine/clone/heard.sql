-- Says a word on psql's standard error, behind every message that came before. Outside a transaction. Language
-- plpgsql, no privileges.
do $heard$ begin raise notice using message = :'word'; end $heard$;
