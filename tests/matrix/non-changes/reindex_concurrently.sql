-- what: REINDEX CONCURRENTLY
reindex index concurrently zoo.visit_at;
