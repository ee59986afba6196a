-- what: a comment is taken away
-- caught-by: catalog: table zoo.animal comment
comment on table zoo.animal is null;
