-- what: a rule is disabled
-- caught-by: catalog: rule zoo.empty.quietly enabled
alter table zoo.empty disable rule quietly;
