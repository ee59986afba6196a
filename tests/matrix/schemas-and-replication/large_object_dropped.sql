-- what: a large object is removed
-- caught-by: catalog: large object 70002 exists
select lo_unlink(70002);
