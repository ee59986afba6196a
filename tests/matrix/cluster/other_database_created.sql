-- what: another database is created
-- caught-by: catalog: other database annex exists
-- undo: drop database annex
create database annex;
