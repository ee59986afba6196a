-- what: an event trigger is disabled
-- caught-by: catalog: event trigger watch_drops enabled
alter event trigger watch_drops disable;
