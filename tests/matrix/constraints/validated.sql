-- what: a constraint is validated
-- caught-by: catalog: constraint zoo.visit.note_short definition
-- caught-by: catalog: constraint zoo.visit.note_short not validated
alter table zoo.visit validate constraint note_short;
