-- Drops the scratch copy; never with FORCE, so a session on it is an error. Needs its ownership. Runs
-- outside a transaction.
drop database if exists :"scratch";
