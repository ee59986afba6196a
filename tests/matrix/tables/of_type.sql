-- what: a typed table becomes a plain one
-- caught-by: catalog: table zoo.typed of type
alter table zoo.typed not of;
