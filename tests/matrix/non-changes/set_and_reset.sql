-- what: a setting that is set and set back, with a reload
-- server: reload
alter system set log_min_duration_statement = '5s';
alter system reset log_min_duration_statement;
