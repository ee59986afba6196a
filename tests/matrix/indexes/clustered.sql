-- what: a table is marked to be clustered by another index
-- caught-by: catalog: index zoo.visit_expression clustered
-- caught-by: catalog: index zoo.visit_pkey clustered
alter table zoo.visit cluster on visit_expression;
