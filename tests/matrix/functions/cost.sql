-- what: the cost of a function
-- caught-by: catalog: function zoo.add(a integer, b integer) cost
alter function zoo.add(int, int) cost 5;
