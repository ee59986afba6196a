-- what: a table becomes unlogged
-- caught-by: catalog: table zoo.loose persistence
alter table zoo.loose set unlogged;
