-- what: a language is trusted no more
create or replace language zoo_language handler plpgsql_call_handler;
