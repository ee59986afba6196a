-- what: a row is inserted
-- caught-by: lineage: table zoo.empty rows
insert into zoo.empty values (1);
