-- what: a grant gets its grant option
-- caught-by: catalog: table zoo.animal acl
grant select on zoo.animal to zoo_visitor with grant option;
