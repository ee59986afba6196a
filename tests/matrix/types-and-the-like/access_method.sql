-- what: an access method is dropped
-- caught-by: catalog: access method zoo_heap exists
drop access method zoo_heap;
