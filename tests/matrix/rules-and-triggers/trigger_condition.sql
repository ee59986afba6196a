-- what: the condition of a trigger
-- caught-by: catalog: trigger zoo.animal.touch_row definition
create or replace trigger touch_row before update of name on zoo.animal for each row execute function zoo.touch();
