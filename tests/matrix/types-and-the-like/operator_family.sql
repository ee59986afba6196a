-- what: an operator family gets an operator
alter operator family zoo.int_family using btree add operator 1 < (int, bigint), function 1 (int, bigint) btint48cmp(int, bigint);
