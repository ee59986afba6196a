-- what: the triggers behind a foreign key are disabled
-- caught-by: catalog: trigger zoo.visit."RI_ConstraintTrigger_c_16472" exists
-- caught-by: catalog: trigger zoo.visit."RI_ConstraintTrigger_c_16473" exists
-- caught-by: catalog: trigger zoo.visit.touch_late enabled
alter table zoo.visit disable trigger all;
