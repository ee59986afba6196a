-- what: a cast becomes implicit
-- caught-by: catalog: cast (zoo.mood AS integer) context
update pg_cast set castcontext = 'i' where castsource = 'zoo.mood'::regtype;
