-- what: a type gets another owner
-- caught-by: catalog: type zoo.positive owner
alter domain zoo.positive owner to zoo_keeper;
