-- what: a column gets an option
-- caught-by: catalog: column zoo.animal.kind options
alter table zoo.animal alter column kind set (n_distinct = 2);
