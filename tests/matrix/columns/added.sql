-- what: a column is added, with a default
-- caught-by: catalog: column zoo.animal.new exists
-- caught-by: digest: table zoo.animal contents
alter table zoo.animal add column new int default 7;
