-- what: the sequence of an identity column moves on
-- caught-by: sequence: sequence zoo.animal_id_seq last value
select nextval('zoo.animal_id_seq');
