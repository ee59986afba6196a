-- what: everybody loses a language
revoke usage on language plpgsql from public;
