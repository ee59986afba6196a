-- what: a role is created
-- caught-by: catalog: role intruder exists
-- undo: drop role intruder
create role intruder;
