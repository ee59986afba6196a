-- what: an operator gets another owner
-- caught-by: catalog: operator zoo.===(zoo.point3,zoo.point3) owner
alter operator zoo.=== (zoo.point3, zoo.point3) owner to zoo_keeper;
