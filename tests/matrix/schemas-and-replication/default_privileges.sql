-- what: default privileges are changed
-- caught-by: catalog: default privilege of zoo_owner in zoo on tables acl
alter default privileges for role zoo_owner in schema zoo grant insert on tables to zoo_visitor;
