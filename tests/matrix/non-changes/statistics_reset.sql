-- what: counters are reset
select pg_stat_reset();
