-- what: the options of a column of a foreign table
-- caught-by: catalog: column zoo.abroad.id foreign options
alter foreign table zoo.abroad alter column id options (set name 'id2');
