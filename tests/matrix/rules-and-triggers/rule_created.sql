-- what: a rule is created
-- caught-by: catalog: rule zoo.empty.loudly exists
create rule loudly as on delete to zoo.empty do also notify zoo;
