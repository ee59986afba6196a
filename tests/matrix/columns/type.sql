-- what: a column gets another type without a rewrite
-- caught-by: catalog: column zoo.edges.v type
-- caught-by: digest: table zoo.edges contents
alter table zoo.edges alter column v type text;
