-- what: rows are loaded frozen
-- caught-by: lineage: table zoo.empty rows
begin;
truncate zoo.empty;
copy zoo.empty from stdin with (freeze);
1
\.
commit;
