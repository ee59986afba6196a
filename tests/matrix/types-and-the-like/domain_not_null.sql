-- what: a domain allows NULL
-- caught-by: catalog: type zoo.label not null
-- caught-by since 17: catalog: constraint zoo.label.label_not_null exists
alter domain zoo.label drop not null;
