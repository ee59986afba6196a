-- what: an operator gets another owner
alter operator zoo.=== (zoo.point3, zoo.point3) owner to zoo_keeper;
