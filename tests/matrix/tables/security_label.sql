-- what: a security label
-- caught-by: catalog: security label zoo on table zoo.animal label
update pg_seclabel set label = 'secret';
