-- what: a table is created
-- caught-by: catalog: column zoo.new.id exists
-- caught-by: catalog: table zoo.new exists
-- caught-by: gap: zoo.new
create table zoo.new (id int);
