-- what: a trigger is disabled
-- caught-by: catalog: trigger zoo.animal.touch_row enabled
alter table zoo.animal disable trigger touch_row;
