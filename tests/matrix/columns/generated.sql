-- what: a generated column becomes a plain one
-- caught-by: catalog: column zoo.animal.double_weight default
-- caught-by: catalog: column zoo.animal.double_weight generated
alter table zoo.animal alter column double_weight drop expression;
