-- what: a row of a hash partition
-- caught-by: lineage: table zoo.shard_0 rows
update zoo.shard set t = 'x' where id = 1;
