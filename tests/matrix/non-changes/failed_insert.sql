-- what: an INSERT that a constraint refuses
do $$ begin insert into zoo.animal (name, weight) overriding system value select 'x', -1; exception when others then null; end $$;
