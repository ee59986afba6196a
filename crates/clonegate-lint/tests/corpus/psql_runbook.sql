\set ON_ERROR_STOP on
\timing on
\c app
\i common.sql
\set batch 1000
DELETE FROM events WHERE id IN (SELECT id FROM events LIMIT :batch);
\watch 1
