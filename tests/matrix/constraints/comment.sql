-- what: a comment on a constraint
-- caught-by: catalog: constraint zoo.animal.animal_weight_check comment
comment on constraint animal_weight_check on zoo.animal is 'another';
