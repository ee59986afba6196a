-- Z: drops everything that the build scripts A to E make, and nothing else.
--
-- Run in: a clone, as its owner, in one transaction of the executor's. Also after only some of A to E
-- were run, and again when nothing is left.
-- Needs: ownership of the axis substrate. Versions: PostgreSQL 14 to 18.
--
-- Without CASCADE, so that whatever somebody else hung on these objects is an error and not a loss.
-- Nothing that existed before the build was altered by it, so nothing else has to be put back.

do $$
begin
    -- A regular expression, because the underscores in a LIKE pattern are wildcards.
    if current_catalog !~ '^directus_gov_test_[a-z0-9]{1,40}$' then
        raise exception 'database % is not a governance test clone; script Z runs nowhere else', current_catalog;
    end if;
end
$$;

-- From B.
drop function if exists public.axis_scan();
drop function if exists public.axis_canonical_drift();
drop view if exists public.v_axis_registry_coverage;
drop view if exists public.v_axis_assignment_quality;
drop view if exists public.v_axis_coverage_gap;
drop view if exists public.v_axis_effective_owner;
drop view if exists public.v_axis_required_cell;

-- From A; the rows of C, D and E, the indexes and the sequences go with their tables, the trigger with its table.
drop function if exists public.axis_activate(text);
drop table if exists public.axis_candidate_finding;
drop table if exists public.axis_object_ownership;
drop table if exists public.coverage_rule;
drop table if exists public.axis_assignment;
drop table if exists public.axis_value;
drop table if exists public.axis_registry;
drop function if exists public.axis_registry_lifecycle();

do $$
declare
    remaining text;
begin
    select string_agg(o.kind || ' ' || o.schema_name || '.' || o.object_name, ', '
                      order by o.kind, o.schema_name, o.object_name)
      into remaining
      from (select 'relation' as kind, n.nspname::text as schema_name, c.relname::text as object_name
              from pg_catalog.pg_class as c
              join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
             where c.relname ~ '^(v_)?axis_' or c.relname ~ '^coverage_rule'
            union all
            select 'function', n.nspname::text, p.proname::text
              from pg_catalog.pg_proc as p
              join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
             where p.proname ~ '^axis_'
            union all
            select 'type', n.nspname::text, t.typname::text
              from pg_catalog.pg_type as t
              join pg_catalog.pg_namespace as n on n.oid = t.typnamespace
             where t.typname ~ '^_?(v_)?axis_' or t.typname ~ '^_?coverage_rule'
            union all
            select 'trigger', n.nspname::text, g.tgname::text
              from pg_catalog.pg_trigger as g
              join pg_catalog.pg_class as c on c.oid = g.tgrelid
              join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
             where g.tgname ~ '^axis_') as o;
    if remaining is not null then
        raise exception 'script Z left %', remaining;
    end if;
end
$$;
