-- what: an INSERT that a constraint refuses
do $$ begin insert into zoo.animal (id, name, weight) values (9999, 'x', -1); exception when check_violation then null; end $$;
