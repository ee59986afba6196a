-- what: a policy is dropped
-- caught-by: catalog: policy zoo.guarded.no_deletes exists
drop policy no_deletes on zoo.guarded;
