-- what: an index is made again in another order
-- caught-by: catalog: index zoo.visit_at comment
-- caught-by: catalog: index zoo.visit_at definition
drop index zoo.visit_at;
create index visit_at on zoo.visit (at) include (note) where note is not null;
