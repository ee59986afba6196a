-- what: a CHECK is added
-- caught-by: catalog: constraint zoo.animal.short exists
alter table zoo.animal add constraint short check (length(name) < 1000);
