-- what: the owner loses a privilege
-- caught-by: catalog: table zoo.loose acl
revoke insert on zoo.loose from postgres;
