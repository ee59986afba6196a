-- what: a materialized view is populated
-- caught-by: catalog: materialized view zoo.later not populated
refresh materialized view zoo.later;
