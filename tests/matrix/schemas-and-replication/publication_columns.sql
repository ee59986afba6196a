-- what: the columns of a publication
-- caught-by: catalog: published relation zoo.edges in zoo_filtered columns
-- since: 15
alter publication zoo_filtered set table zoo.edges (id, t, v) where (id > 1);
