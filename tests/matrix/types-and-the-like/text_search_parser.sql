-- what: a parser is renamed
alter text search parser zoo.parser rename to reader;
