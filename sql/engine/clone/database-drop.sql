-- Drops a database that the guard before has shown to be the pinned one; never with FORCE, so a session on
-- it is an error. Needs its ownership. Runs outside a transaction.
drop database :"database";
