-- Did the guard pass in this reading transaction? Assigns no transaction id. No privileges.
select pg_catalog.concat(:'nonce', '|ready|{}')
where pg_catalog.current_setting('clonegate.guarded', true) operator(pg_catalog.=) :'token';
