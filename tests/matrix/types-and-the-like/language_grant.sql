-- what: everybody loses a language
-- caught-by: catalog: language plpgsql acl
revoke usage on language plpgsql from public;
