-- what: a grant on a tablespace
-- caught-by: catalog: tablespace zoo_space acl
-- undo: revoke create on tablespace zoo_space from zoo_visitor
grant create on tablespace zoo_space to zoo_visitor;
