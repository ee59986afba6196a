-- what: an operator may be hashed
alter operator zoo.=== (zoo.point3, zoo.point3) set (restrict = eqsel);
