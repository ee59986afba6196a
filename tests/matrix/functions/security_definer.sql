-- what: a function runs as its owner
-- caught-by: catalog: function zoo.add(a integer, b integer) security definer
alter function zoo.add(int, int) security definer;
