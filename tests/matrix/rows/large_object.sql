-- what: the contents of a large object
-- caught-by: standing gap: large objects
select lo_put(70001, 0, 'F');
