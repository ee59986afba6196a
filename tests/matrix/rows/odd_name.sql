-- what: a row of a table with an odd name
-- caught-by: lineage: table "Odd ""schéma"""."Tablé ""with"" spaces, and 63 bytes ........................" rows
update "Odd ""schéma"""."Tablé ""with"" spaces, and 63 bytes ........................" set "select" = 'y';
