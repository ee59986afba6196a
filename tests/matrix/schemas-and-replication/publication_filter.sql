-- what: the row filter of a publication
-- caught-by: catalog: published relation zoo.edges in zoo_filtered where
-- since: 15
alter publication zoo_filtered set table zoo.edges (id, t) where (id > 2);
