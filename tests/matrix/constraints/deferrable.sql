-- what: a foreign key becomes immediate
-- caught-by: catalog: constraint zoo.visit.visit_animal_fkey definition
alter table zoo.visit alter constraint visit_animal_fkey not deferrable;
