-- Behind a COPY, in the same transaction, so that its lock still stands: the file of the relation with the OID $1,
-- if $2 is its name. Both functions read what is there now and not what the snapshot had. Any role; all versions.
select pg_catalog.pg_relation_filenode(c.oid)::pg_catalog.int8 as filenode
  from (select pg_catalog.to_regclass($2)::pg_catalog.oid as oid) as c
 where c.oid operator(pg_catalog.=) $1
