-- what: an enum label is renamed
-- caught-by: catalog: column zoo.animal.mood default
-- caught-by: catalog: type zoo.mood labels
-- caught-by: digest: table zoo.animal contents
-- caught-by: digest: table zoo.edges contents
alter type zoo.mood rename value 'ok' to 'fine';
