-- what: a sequence is restarted
-- caught-by: sequence: sequence zoo.visit_id_seq last value
alter sequence zoo.visit_id_seq restart;
