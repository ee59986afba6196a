-- what: three tables are read, with whatever hint bits that sets
select count(*) from zoo.animal, zoo.visit;
select count(*) from zoo.edges;
