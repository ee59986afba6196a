-- what: an extension says another version
-- caught-by: catalog: extension plpgsql version
update pg_extension set extversion = '9' where extname = 'plpgsql';
