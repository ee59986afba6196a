-- what: a column is dropped
-- caught-by: catalog: column zoo.animal.mood exists
alter table zoo.animal drop column mood;
