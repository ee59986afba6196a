-- what: a table moves to another schema
-- caught-by: catalog: column public.loose.extra exists
-- caught-by: catalog: column public.loose.id exists
-- caught-by: catalog: column public.loose.t exists
-- caught-by: catalog: column zoo.loose.extra exists
-- caught-by: catalog: column zoo.loose.id exists
-- caught-by: catalog: column zoo.loose.t exists
-- caught-by: catalog: table public.loose exists
-- caught-by: catalog: table zoo.loose exists
alter table zoo.loose set schema public;
