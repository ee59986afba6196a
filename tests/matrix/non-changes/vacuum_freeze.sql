-- what: VACUUM FREEZE
vacuum freeze;
