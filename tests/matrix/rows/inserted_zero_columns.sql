-- what: a row without columns is inserted
-- caught-by: lineage: table zoo.nothing rows
insert into zoo.nothing default values;
