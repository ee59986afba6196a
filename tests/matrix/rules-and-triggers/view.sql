-- what: a view is defined otherwise
-- caught-by: catalog: view zoo.birds definition
create or replace view zoo.birds with (security_barrier) as select id, name from zoo.animal where kind = 'fish' with local check option;
