-- what: an operator class is renamed
alter operator class zoo.int_class using btree rename to number_class;
