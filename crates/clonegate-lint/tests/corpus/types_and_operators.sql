create type complex as (r float8, i float8);
create domain email as citext check (value ~ '^[^@]+@[^@]+$');
create function complex_add(complex, complex) returns complex language sql immutable strict
    as $$ select row($1.r + $2.r, $1.i + $2.i)::complex $$;
create operator + (leftarg = complex, rightarg = complex, function = complex_add, commutator = +);
create aggregate sum(complex) (sfunc = complex_add, stype = complex, initcond = '(0,0)');
create cast (text as complex) with inout as assignment;
create collation german (provider = icu, locale = 'de-u-co-phonebk');
create statistics s1 (dependencies) on a, b from t1;
create rule protect as on delete to t1 do instead nothing;
