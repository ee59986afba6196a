-- what: a sequence moves on
-- caught-by: sequence: sequence zoo.untouched last value
select nextval('zoo.untouched');
