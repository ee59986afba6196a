-- what: a CHECK is dropped
-- caught-by: catalog: constraint zoo.animal.animal_weight_check exists
alter table zoo.animal drop constraint animal_weight_check;
