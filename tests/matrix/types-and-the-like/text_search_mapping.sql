-- what: a mapping of a text search configuration
alter text search configuration zoo.search drop mapping for email;
