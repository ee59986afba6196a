-- what: a base type is stored otherwise
-- caught-by: catalog: type zoo.base input and output
alter type zoo.base set (storage = external);
