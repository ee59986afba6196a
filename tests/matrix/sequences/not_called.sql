-- what: a sequence has the same value and is not called
-- caught-by: sequence: sequence zoo.counter last value
select setval('zoo.counter', (select last_value from zoo.counter), false);
