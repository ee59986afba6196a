-- what: a grant on a schema
-- caught-by: catalog: schema zoo acl
grant create on schema zoo to zoo_visitor;
