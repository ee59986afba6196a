-- what: a schema is published
-- caught-by: catalog: published schema zoo in zoo_schema exists
-- since: 15
alter publication zoo_schema add tables in schema zoo;
