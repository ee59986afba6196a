-- what: a grant on this database
-- caught-by: catalog: database this database acl
grant create on database zoo_copy to zoo_visitor;
