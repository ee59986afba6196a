-- what: an option of a foreign data wrapper
-- caught-by: catalog: foreign data wrapper zoo_wrapper options
alter foreign data wrapper zoo_wrapper options (set debug 'false');
