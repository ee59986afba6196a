-- what: a language is trusted no more
-- caught-by: catalog: language zoo_language inline
-- caught-by: catalog: language zoo_language trusted
-- caught-by: catalog: language zoo_language validator
create or replace language zoo_language handler plpgsql_call_handler;
