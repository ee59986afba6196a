-- what: a default is dropped
-- caught-by: catalog: column zoo.animal.born default
alter table zoo.animal alter column born drop default;
