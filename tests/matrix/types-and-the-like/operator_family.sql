-- what: an operator family gets an operator
-- caught-by: catalog: operator family member function 1 (integer, bigint) of zoo.int_family USING btree exists
-- caught-by: catalog: operator family member operator 1 (integer, bigint) of zoo.int_family USING btree exists
alter operator family zoo.int_family using btree add operator 1 < (int, bigint), function 1 (int, bigint) btint48cmp(int, bigint);
