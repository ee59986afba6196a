-- what: an enum label is renamed
-- caught-by: catalog: column zoo.animal.mood default
-- caught-by: catalog: type zoo.mood labels
alter type zoo.mood rename value 'ok' to 'fine';
