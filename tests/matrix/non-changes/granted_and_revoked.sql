-- what: a grant that is taken back
grant delete on zoo.loose to zoo_visitor;
revoke delete on zoo.loose from zoo_visitor;
