-- what: a type gets another owner
-- caught-by: catalog: type zoo.float_range owner
alter type zoo.float_range owner to zoo_keeper;
