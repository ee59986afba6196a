-- The types of a statement's columns, without running it (the join is known to be empty): position and
-- pg_type.oid, domains resolved as the wire protocol does it.
copy (
    with recursive resolved(position, type) as (
        select u.position, u.type
        from (
            select array[:types] as types
            from (select 1) as one
            left join (
:statement
            ) as q(:aliases) on false
        ) as declared
        cross join lateral pg_catalog.unnest(declared.types) with ordinality as u(type, position)
        union all
        select r.position, t.typbasetype
        from resolved r
        join pg_catalog.pg_type t on t.oid operator(pg_catalog.=) r.type
        where t.typtype operator(pg_catalog.=) 'd'
    )
    select r.position, r.type::pg_catalog.int8
    from resolved r
    join pg_catalog.pg_type t on t.oid operator(pg_catalog.=) r.type
    where t.typtype operator(pg_catalog.<>) 'd'
    order by r.position
) to stdout with (format csv);
