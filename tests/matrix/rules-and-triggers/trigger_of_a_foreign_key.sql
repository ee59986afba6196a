-- what: the triggers behind a foreign key are disabled
-- caught-by: catalog: trigger zoo.visit."RI_FKey_check_ins" of visit_animal_fkey exists
-- caught-by: catalog: trigger zoo.visit."RI_FKey_check_upd" of visit_animal_fkey exists
-- caught-by: catalog: trigger zoo.visit.touch_late enabled
alter table zoo.visit disable trigger all;
