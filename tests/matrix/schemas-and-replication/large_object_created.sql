-- what: a large object is created
-- caught-by: catalog: large object 70003 exists
select lo_create(70003);
