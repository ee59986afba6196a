-- what: an option of a dictionary
alter text search dictionary zoo.words (accept = false);
