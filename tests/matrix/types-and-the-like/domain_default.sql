-- what: the default of a domain
-- caught-by: catalog: type zoo.positive default
-- caught-by: catalog: type zoo.positive default expression
alter domain zoo.positive set default 2;
