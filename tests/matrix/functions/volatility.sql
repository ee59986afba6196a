-- what: a function becomes volatile
-- caught-by: catalog: function zoo.add(a integer, b integer) volatility
alter function zoo.add(int, int) volatile;
