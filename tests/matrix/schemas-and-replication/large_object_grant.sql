-- what: a grant on a large object
-- caught-by: catalog: large object 70001 acl
grant update on large object 70001 to zoo_visitor;
