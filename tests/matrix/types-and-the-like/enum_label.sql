-- what: an enum gets a label in the middle
-- caught-by: catalog: type zoo.mood labels
alter type zoo.mood add value 'well' before 'happy';
