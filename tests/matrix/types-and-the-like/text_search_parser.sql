-- what: a parser is renamed
-- caught-by: catalog: text search parser zoo.parser exists
-- caught-by: catalog: text search parser zoo.reader exists
alter text search parser zoo.parser rename to reader;
