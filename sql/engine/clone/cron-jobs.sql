-- How many jobs of pg_cron run in that database, as far as this role sees them? Asked only where
-- there is the table cron.job, which its row security may hide in part.
select pg_catalog.concat(:'nonce', '|cron|', (
    select pg_catalog.count(*) from cron.job j where j.database operator(pg_catalog.=) :'database')::pg_catalog.text);
