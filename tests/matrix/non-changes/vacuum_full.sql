-- what: VACUUM FULL
vacuum full;
