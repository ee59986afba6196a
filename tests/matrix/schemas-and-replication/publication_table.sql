-- what: a table is published
-- caught-by: catalog: published relation zoo.shard_0 in zoo_some exists
alter publication zoo_some add table zoo.shard_0;
