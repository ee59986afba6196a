-- what: an operator class is renamed
-- caught-by: catalog: operator class zoo.int_class USING btree exists
-- caught-by: catalog: operator class zoo.number_class USING btree exists
alter operator class zoo.int_class using btree rename to number_class;
