-- what: a foreign key cascades no more
-- caught-by: catalog: constraint zoo.visit.visit_animal_fkey definition
alter table zoo.visit drop constraint visit_animal_fkey, add constraint visit_animal_fkey foreign key (animal) references zoo.animal (id) deferrable initially deferred;
