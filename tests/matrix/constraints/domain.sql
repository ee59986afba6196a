-- what: a constraint of a domain is validated
-- caught-by: catalog: constraint zoo.positive.small definition
-- caught-by: catalog: constraint zoo.positive.small not validated
alter domain zoo.positive validate constraint small;
