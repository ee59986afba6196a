-- what: a grant on one column
-- caught-by: catalog: column zoo.animal.weight acl
grant select (weight) on zoo.animal to zoo_keeper;
