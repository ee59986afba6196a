-- what: varchar(10) becomes varchar(20)
-- caught-by: catalog: column zoo.edges.v type
-- caught-by: digest: table zoo.edges contents
alter table zoo.edges alter column v type varchar(20);
