-- what: a materialized view is refreshed
-- caught-by: lineage: materialized view zoo.kinds rows
refresh materialized view zoo.kinds;
