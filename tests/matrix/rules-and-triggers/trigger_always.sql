-- what: a trigger fires on replicas too
-- caught-by: catalog: trigger zoo.animal.touch_row enabled
alter table zoo.animal enable always trigger touch_row;
