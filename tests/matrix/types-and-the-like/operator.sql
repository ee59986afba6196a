-- what: an operator may be hashed
-- caught-by: catalog: operator zoo.===(zoo.point3,zoo.point3) restrict
alter operator zoo.=== (zoo.point3, zoo.point3) set (restrict = eqsel);
