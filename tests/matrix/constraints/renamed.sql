-- what: a constraint is renamed
-- caught-by: catalog: constraint zoo.visit.note_long exists
-- caught-by: catalog: constraint zoo.visit.note_short exists
alter table zoo.visit rename constraint note_short to note_long;
