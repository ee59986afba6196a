-- what: the condition of a policy
-- caught-by: catalog: policy zoo.guarded.own_rows using
alter policy own_rows on zoo.guarded using (true);
