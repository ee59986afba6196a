-- what: a value that is stored apart changes in one character
-- caught-by: lineage: table zoo.long rows
update zoo.long set body = overlay(body placing 'x' from 5000) where id = 3;
