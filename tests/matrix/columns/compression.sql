-- what: a column is compressed otherwise
-- caught-by: catalog: column zoo.animal.name compression
alter table zoo.animal alter column name set compression pglz;
