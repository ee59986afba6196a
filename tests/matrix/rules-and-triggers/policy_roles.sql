-- what: a policy is for everybody
-- caught-by: catalog: policy zoo.guarded.own_rows roles
alter policy own_rows on zoo.guarded to public;
