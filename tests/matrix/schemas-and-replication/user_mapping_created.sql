-- what: a user mapping is created
-- caught-by: catalog: user mapping zoo_keeper on zoo_server exists
create user mapping for zoo_keeper server zoo_server;
