-- what: the server is restarted
-- server: restart
select 1;
