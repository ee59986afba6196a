-- what: a domain allows NULL
-- caught-by: catalog: type zoo.label not null
alter domain zoo.label drop not null;
