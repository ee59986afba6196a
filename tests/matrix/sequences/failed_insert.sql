-- what: an INSERT that a constraint refuses takes a number from a sequence
-- caught-by: sequence: sequence zoo.animal_id_seq last value
do $$ begin insert into zoo.animal (name, weight) values ('x', -1); exception when check_violation then null; end $$;
