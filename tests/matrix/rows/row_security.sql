-- what: a row that row security keeps from the reader
-- caught-by: standing gap: zoo.guarded
update zoo.guarded set owner = 'x' where id = 1;
