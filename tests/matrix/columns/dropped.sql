-- what: a column is dropped
-- caught-by: catalog: column zoo.animal.mood exists
-- caught-by: digest: table zoo.animal contents
alter table zoo.animal drop column mood;
