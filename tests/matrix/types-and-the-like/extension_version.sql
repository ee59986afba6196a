-- what: an extension says another version
update pg_extension set extversion = '9' where extname = 'plpgsql';
