-- what: a trigger is created
-- caught-by: catalog: trigger zoo.animal.again exists
create trigger again after delete on zoo.animal for each row execute function zoo.touch();
