-- what: a grant on a table
-- caught-by: catalog: table zoo.loose acl
grant delete on zoo.loose to zoo_visitor;
