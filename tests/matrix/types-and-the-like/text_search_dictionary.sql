-- what: an option of a dictionary
-- caught-by: catalog: text search dictionary zoo.words options
alter text search dictionary zoo.words (accept = false);
