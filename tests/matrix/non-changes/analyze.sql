-- what: ANALYZE
analyze;
