-- what: a view loses its security barrier
-- caught-by: catalog: view zoo.birds options
alter view zoo.birds reset (security_barrier);
