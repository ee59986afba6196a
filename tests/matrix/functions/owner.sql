-- what: a procedure gets another owner
-- caught-by: catalog: function zoo.work(INOUT n integer) owner
alter procedure zoo.work(int) owner to zoo_keeper;
