-- what: a function gets a setting
-- caught-by: catalog: function zoo.add(a integer, b integer) settings
alter function zoo.add(int, int) set work_mem = '1MB';
