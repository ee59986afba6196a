-- what: a mapping of a text search configuration
-- caught-by: catalog: text search configuration zoo.search mappings
alter text search configuration zoo.search drop mapping for email;
