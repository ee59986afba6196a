-- What differs between two looks at the clone? A name that is only in one of them differs too. Fails where a
-- look is missing. PostgreSQL 14 and later, no privileges.
with looks as (
    select pg_catalog.current_setting(:'before')::pg_catalog.jsonb as before,
           pg_catalog.current_setting(:'after')::pg_catalog.jsonb as after
), differ as (
    select coalesce(a.key, b.key) as name, b.value as before, a.value as after
      from looks as l
     cross join lateral (
         select coalesce(x.key, y.key) as key
           from pg_catalog.jsonb_each(l.before) as x
           full join pg_catalog.jsonb_each(l.after) as y on y.key operator(pg_catalog.=) x.key) as k
      left join lateral pg_catalog.jsonb_each(l.before) as b on b.key operator(pg_catalog.=) k.key
      left join lateral pg_catalog.jsonb_each(l.after) as a on a.key operator(pg_catalog.=) k.key
     where a.value is distinct from b.value
)
select pg_catalog.concat(:'nonce', '|looked|', pg_catalog.json_build_object(
    'relations', (select pg_catalog.count(*) from looks as l cross join lateral pg_catalog.jsonb_object_keys(l.after)),
    'changed', (select pg_catalog.count(*) from differ),
    'shown', (
        select coalesce(pg_catalog.json_agg(pg_catalog.concat(
                   d.name, ': ', coalesce(d.before::pg_catalog.text, 'not there'), ' → ',
                   coalesce(d.after::pg_catalog.text, 'not there')) order by d.name), '[]'::pg_catalog.json)
          from (select * from differ order by name limit 20) as d))::pg_catalog.text);
