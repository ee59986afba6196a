-- what: a sequence is set back
-- caught-by: sequence: sequence zoo.counter last value
select setval('zoo.counter', 0);
