-- Which transactions of the cluster had completed, as pg_snapshot's text. Any role; 13 and later.
select pg_catalog.pg_current_snapshot()::text as horizon
