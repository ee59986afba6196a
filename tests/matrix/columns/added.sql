-- what: a column is added, with a default
-- caught-by: catalog: column zoo.animal.new exists
alter table zoo.animal add column new int default 7;
