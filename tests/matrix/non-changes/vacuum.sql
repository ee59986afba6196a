-- what: VACUUM
vacuum;
