-- what: every table is read, and hint bits are set
select count(*) from zoo.animal, zoo.visit;
select count(*) from zoo.edges;
