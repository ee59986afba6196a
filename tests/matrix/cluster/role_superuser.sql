-- what: a role becomes superuser
-- caught-by: catalog: role zoo_visitor superuser
-- undo: alter role zoo_visitor nosuperuser
alter role zoo_visitor superuser;
