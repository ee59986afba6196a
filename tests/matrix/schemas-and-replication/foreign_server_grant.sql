-- what: everybody may use a foreign server
-- caught-by: catalog: foreign server zoo_server acl
grant usage on foreign server zoo_server to public;
