-- what: a constraint is validated
alter table zoo.visit validate constraint note_short;
