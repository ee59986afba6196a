-- what: the password of a role
-- caught-by: nobody: no witness reads password hashes; `pg_authid` is not for readers
-- undo: alter role zoo_visitor password null
alter role zoo_visitor password 'another';
