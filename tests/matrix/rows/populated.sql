-- what: a materialized view is populated
-- caught-by: catalog: materialized view zoo.later populated
refresh materialized view zoo.later;
