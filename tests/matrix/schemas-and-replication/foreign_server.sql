-- what: an option of a foreign server
-- caught-by: catalog: foreign server zoo_server options
alter server zoo_server options (set host 'elsewhere');
