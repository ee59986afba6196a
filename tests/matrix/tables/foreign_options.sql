-- what: the options of a foreign table
-- caught-by: catalog: foreign table zoo.abroad foreign options
alter foreign table zoo.abroad options (set place 'here');
