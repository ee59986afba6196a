-- B: the coverage engine, as views over the axis substrate, and the scan as a function.
--
-- Run in: a clone, as its owner, once, after A, in one transaction of the executor's.
-- Needs: CREATE on schema public. Versions: PostgreSQL 14 to 18.
-- Undone by: rollback/Z_axis_substrate_drop_clone.sql.
--
-- The engine generalises v_object_owner_gap: what is a scope there is a value of the axis
-- `responsibility` here. It reads governance_object_ownership, and not the view it must agree with,
-- so that their agreement says something.

do $$
begin
    -- A regular expression, because the underscores in a LIKE pattern are wildcards.
    if current_catalog !~ '^directus_gov_test_[a-z0-9]{1,40}$' then
        raise exception 'database % is not a governance test clone; script B runs nowhere else', current_catalog;
    end if;
end
$$;

create view public.v_axis_required_cell as
select a.axis_code,
       v.value_code,
       i.collection_name::text as object_code,
       i.group_code,
       r.mode
  from public.axis_registry as a
  join public.coverage_rule as r on r.axis_code = a.axis_code
  join public.axis_value as v on v.axis_code = a.axis_code
 cross join public.governance_inventory as i
 where a.status = 'active'
   and (   r.mode = 'cross_product'
        or (r.mode = 'per_assignment'
            and exists (
                select from public.axis_assignment as s
                 where s.axis_code = v.axis_code
                   and s.value_code = v.value_code
                   and s.object_code = i.collection_name
                   and s.zone = 'approved'
                   and s.valid_to is null)));
comment on view public.v_axis_required_cell is
    'TEST_CLONE axis substrate: the cells of active axes that need an owner, by the axis'' coverage rule.';

create view public.v_axis_effective_owner as
select distinct on (c.axis_code, c.value_code, c.object_code)
       c.axis_code,
       c.value_code,
       c.object_code,
       o.owner_role,
       o.object_level as inherited_from,
       o.source
  from public.v_axis_required_cell as c
  join (select 'responsibility'::text as axis_code,
               g.scope_code as value_code,
               g.object_level,
               g.object_code,
               g.owner_role,
               'governance_object_ownership'::text as source
          from public.governance_object_ownership as g
         where g.accountable
           and g.valid_to is null
        union all
        select p.axis_code, p.value_code, p.object_level, p.object_code, p.owner_role, 'axis_object_ownership'::text
          from public.axis_object_ownership as p
         where p.accountable
           and p.valid_to is null) as o
    on o.axis_code = c.axis_code
   and o.value_code = c.value_code
   and o.object_code = case o.object_level
                           when 'collection' then c.object_code
                           when 'group' then c.group_code
                           when 'value' then c.value_code
                       end
 order by c.axis_code, c.value_code, c.object_code,
          case o.object_level when 'collection' then 1 when 'group' then 2 else 3 end,
          o.source;
comment on view public.v_axis_effective_owner is
    'TEST_CLONE axis substrate: the owner of every required cell that has one: the collection''s own, else its group''s, else the value''s.';

create view public.v_axis_coverage_gap as
select c.axis_code,
       c.value_code,
       c.object_code
  from public.v_axis_required_cell as c
 where not exists (
        select from public.v_axis_effective_owner as e
         where e.axis_code = c.axis_code
           and e.value_code = c.value_code
           and e.object_code = c.object_code);
comment on view public.v_axis_coverage_gap is
    'TEST_CLONE axis substrate: the required cells without an effective owner; for the axis responsibility it equals v_object_owner_gap.';

create view public.v_axis_assignment_quality as
select s.axis_code,
       s.zone,
       count(*) as assignments,
       count(distinct s.object_code) as objects,
       avg(s.match_score)::numeric(4, 3) as mean_match_score,
       min(s.confidence) as least_confidence,
       count(*) filter (where s.match_score < r.min_match_score or s.confidence < r.min_confidence) as below_threshold
  from public.axis_assignment as s
  left join public.coverage_rule as r on r.axis_code = s.axis_code
 where s.valid_to is null
 group by s.axis_code, s.zone;
comment on view public.v_axis_assignment_quality is
    'TEST_CLONE axis substrate: how sure the current assignments are, by axis and zone, held against the thresholds of the coverage rule.';

create view public.v_axis_registry_coverage as
select a.axis_code,
       a.status,
       (select count(*)
          from public.axis_value as v
         where v.axis_code = a.axis_code) as axis_values,
       (select count(distinct s.value_code)
          from public.axis_assignment as s
         where s.axis_code = a.axis_code
           and s.valid_to is null) as values_in_use,
       (select count(*) from public.governance_inventory as i) as objects,
       (select count(*)
          from public.governance_inventory as i
         where exists (
                select from public.axis_assignment as s
                 where s.axis_code = a.axis_code
                   and s.object_code = i.collection_name
                   and s.valid_to is null)) as objects_assigned
  from public.axis_registry as a;
comment on view public.v_axis_registry_coverage is
    'TEST_CLONE axis substrate: how many values and how many governed collections every registered axis reaches.';

create function public.axis_canonical_drift() returns bigint
language sql
stable
as $$
    with engine as (
        select g.object_code as collection_name, g.value_code as scope_code
          from public.v_axis_coverage_gap as g
         where g.axis_code = 'responsibility'
    ),
    canonical as (
        select g.collection_name, g.scope_code
          from public.v_object_owner_gap as g
    )
    select (select count(*) from (select * from engine except all select * from canonical) as surplus)
         + (select count(*) from (select * from canonical except all select * from engine) as missing)
$$;
comment on function public.axis_canonical_drift() is
    'TEST_CLONE axis substrate: the number of cells in which the engine''s gap and v_object_owner_gap differ.';

create function public.axis_scan(
    out scan bigint,
    out findings bigint,
    out findings_new bigint
)
language plpgsql
as $$
begin
    -- Two passes at a time would get the same number.
    lock table public.axis_candidate_finding in share row exclusive mode;

    -- Counted from the table and not by a sequence, which a rolled-back pass would move.
    select coalesce(max(f.last_seen_scan), 0) + 1 into scan from public.axis_candidate_finding as f;

    insert into public.axis_candidate_finding as f
        (finding_key, finding_kind, axis_code, value_code, object_code, detail,
         first_seen_scan, last_seen_scan, scan_count, created_by)
    select concat_ws('|', n.finding_kind, n.axis_code, coalesce(n.value_code, '-'), coalesce(n.object_code, '-')),
           n.finding_kind, n.axis_code, n.value_code, n.object_code, n.detail,
           scan, scan, 1, 'TEST_CLONE_AXIS_SCAN'
      from (select 'cell_without_owner' as finding_kind,
                   g.axis_code,
                   g.value_code,
                   g.object_code,
                   '{}'::jsonb as detail
              from public.v_axis_coverage_gap as g
            union all
            select 'assignment_in_' || s.zone,
                   s.axis_code,
                   s.value_code,
                   s.object_code,
                   jsonb_build_object('match_score', s.match_score, 'confidence', s.confidence, 'provenance', s.provenance)
              from public.axis_assignment as s
             where s.valid_to is null
               and s.zone in ('candidate', 'quarantine')
            union all
            select 'value_without_object',
                   v.axis_code,
                   v.value_code,
                   null,
                   jsonb_build_object('value_name', v.value_name)
              from public.axis_value as v
             where not exists (
                    select from public.axis_assignment as s
                     where s.axis_code = v.axis_code
                       and s.value_code = v.value_code
                       and s.valid_to is null)
               -- A value with values below it stands for them.
               and not exists (
                    select from public.axis_value as below
                     where below.axis_code = v.axis_code
                       and below.parent_value_code = v.value_code)
           ) as n
     order by 1
    -- What people made of a finding (its status) is theirs.
    on conflict (finding_key) do update
       set detail = excluded.detail,
           last_seen_scan = excluded.last_seen_scan,
           scan_count = f.scan_count + 1;

    select count(*), count(*) filter (where f.first_seen_scan = scan)
      into findings, findings_new
      from public.axis_candidate_finding as f;
end
$$;
comment on function public.axis_scan() is
    'TEST_CLONE axis substrate: one deterministic pass; called explicitly, never by a daemon. Again, it moves nothing but scan counters.';

do $$
declare
    views bigint;
    cells bigint := (select count(*) from public.v_axis_required_cell);
    unmarked text;
begin
    select count(*),
           string_agg(c.relname::text, ', ') filter (where obj_description(c.oid, 'pg_class') is null
                                                        or not starts_with(obj_description(c.oid, 'pg_class'), 'TEST_CLONE'))
      into views, unmarked
      from pg_catalog.pg_class as c
     where c.relnamespace = 'public'::regnamespace
       and c.relkind = 'v'
       and c.relname ~ '^v_axis_';
    if views <> 5 then
        raise exception 'script B left % axis views; wanted 5', views;
    end if;
    if unmarked is not null then
        raise exception 'script B left views without a TEST_CLONE comment: %', unmarked;
    end if;
    -- An axis that nobody activated yet requires nothing.
    if cells <> 0 then
        raise exception 'the engine requires % cells before there is an axis; wanted 0', cells;
    end if;
end
$$;
