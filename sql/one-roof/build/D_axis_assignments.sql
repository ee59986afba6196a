-- D: what every governed collection is assigned to, and who owns the new axes' values.
--
-- Run in: a clone, as its owner, once, after C, in one transaction of the executor's.
-- Needs: ownership of the axis tables, SELECT on the inventory. Versions: PostgreSQL 14 to 18.
-- Undone by: rollback/Z_axis_substrate_drop_clone.sql.
--
-- Everything is derived from the inventory by rules that are written here, so that the same
-- inventory always gives the same assignments, in the same order.

do $$
declare
    drift bigint;
begin
    -- A regular expression, because the underscores in a LIKE pattern are wildcards.
    if current_catalog !~ '^directus_gov_test_[a-z0-9]{1,40}$' then
        raise exception 'database % is not a governance test clone; script D runs nowhere else', current_catalog;
    end if;
    drift := public.axis_canonical_drift();
    if drift <> 0 then
        raise exception 'before script D the engine''s gap differs from v_object_owner_gap in % cells', drift;
    end if;
end
$$;

insert into public.axis_assignment
    (axis_code, value_code, object_code, zone, match_score, confidence, provenance, valid_from, created_by)
select c.axis_code, c.value_code, c.object_code, 'approved', 1, 1,
       jsonb_build_object('method', 'cross_product', 'rule', r.rule_code),
       date '2026-06-03',
       'TEST_CLONE_AXIS_D'
  from public.v_axis_required_cell as c
  join public.coverage_rule as r on r.axis_code = c.axis_code
  join public.axis_value as v on v.axis_code = c.axis_code and v.value_code = c.value_code
  join public.governance_inventory as i on i.collection_name = c.object_code
 where c.axis_code = 'responsibility'
 order by i.ordinal, v.ordinal;

insert into public.axis_assignment
    (axis_code, value_code, object_code, zone, match_score, confidence, provenance, valid_from, created_by)
select 'containment', i.group_code, i.collection_name, 'approved', 1, 1,
       jsonb_build_object('method', 'inventory', 'column', 'group_code'),
       date '2026-06-03',
       'TEST_CLONE_AXIS_D'
  from public.governance_inventory as i
 order by i.ordinal;

-- One topic a collection, the best that matches: by its name, else by its purpose, else none. A name is
-- proof enough; a purpose is prose, and waits for somebody to confirm it; no match is set aside.
insert into public.axis_assignment
    (axis_code, value_code, object_code, zone, match_score, confidence, provenance, valid_from, created_by)
select 'topic', m.value_code, m.collection_name, m.zone, m.match_score, m.confidence,
       jsonb_build_object('method', m.method, 'pattern', m.match_pattern),
       date '2026-06-03',
       'TEST_CLONE_AXIS_D'
  from (select distinct on (i.ordinal)
               i.ordinal, i.collection_name, v.value_code, v.match_pattern,
               k.method, k.zone, k.match_score, k.confidence
          from public.governance_inventory as i
          join public.axis_value as v on v.axis_code = 'topic'
          join (values ('name', 'approved', 0.950, 0.900),
                       ('purpose', 'candidate', 0.650, 0.600),
                       ('none', 'quarantine', 0.200, 0.100)) as k (method, zone, match_score, confidence)
            on case k.method
                   when 'name' then i.collection_name ~ v.match_pattern
                   when 'purpose' then i.purpose ~ v.match_pattern
                   else v.match_pattern is null
               end
         order by i.ordinal, k.match_score desc, v.ordinal) as m
 order by m.ordinal;

-- Who stewards a group owns its place; who stewards most of a topic's objects owns the topic.
insert into public.axis_object_ownership
    (axis_code, value_code, object_level, object_code, owner_role, valid_from, created_by)
select 'containment', g.group_code, 'group', g.group_code, r.id, date '2026-06-03', 'TEST_CLONE_AXIS_D'
  from public.governance_group as g
  join public.directus_roles as r on r.name = g.steward_role
 order by g.ordinal;

insert into public.axis_object_ownership
    (axis_code, value_code, object_level, object_code, owner_role, valid_from, created_by)
select 'topic', t.value_code, 'value', t.value_code, t.owner_role, date '2026-06-03', 'TEST_CLONE_AXIS_D'
  from (select distinct on (v.ordinal)
               v.ordinal, v.value_code, r.id as owner_role
          from public.axis_assignment as s
          join public.axis_value as v on v.axis_code = s.axis_code and v.value_code = s.value_code
          join public.governance_inventory as i on i.collection_name = s.object_code
          join public.governance_group as g on g.group_code = i.group_code
          join public.directus_roles as r on r.name = g.steward_role
         where s.axis_code = 'topic'
           and s.zone = 'approved'
         group by v.ordinal, v.value_code, g.ordinal, r.id
         order by v.ordinal, count(*) desc, g.ordinal) as t
 order by t.ordinal;

do $$
declare
    responsibility bigint := (select count(*) from public.axis_assignment where axis_code = 'responsibility');
    containment bigint := (select count(*) from public.axis_assignment where axis_code = 'containment');
    topic bigint := (select count(*) from public.axis_assignment where axis_code = 'topic');
    zones bigint := (select count(distinct zone) from public.axis_assignment where axis_code = 'topic');
    strangers bigint := (select count(*) from public.axis_assignment as s
                          where not exists (select from public.governance_inventory as i
                                             where i.collection_name = s.object_code));
    unknown_owners bigint := (select count(*) from public.axis_object_ownership as o
                               where not exists (select from public.directus_roles as r where r.id = o.owner_role));
    below bigint := (select count(*) from public.axis_assignment as s
                       join public.coverage_rule as r on r.axis_code = s.axis_code
                      where s.zone = 'approved'
                        and (s.match_score < r.min_match_score or s.confidence < r.min_confidence));
    cells bigint := (select count(*) from public.v_axis_required_cell where axis_code = 'responsibility');
    other_gap bigint := (select count(*) from public.v_axis_coverage_gap where axis_code <> 'responsibility');
    drift bigint := public.axis_canonical_drift();
begin
    if responsibility <> 210 or containment <> 35 or topic <> 35 then
        raise exception 'script D assigned % / % / %; wanted 210 / 35 / 35', responsibility, containment, topic;
    end if;
    if zones <> 3 then
        raise exception 'the topics fill % zones; wanted all 3', zones;
    end if;
    -- What foreign keys would guarantee, if they did not alter the tables they refer to.
    if strangers <> 0 or unknown_owners <> 0 then
        raise exception '% assignments are of no governed collection, % owners are no role', strangers, unknown_owners;
    end if;
    if below <> 0 then
        raise exception '% approved assignments are below their rule''s thresholds', below;
    end if;
    if other_gap <> 0 then
        raise exception 'the new axes have % cells without an owner; wanted 0', other_gap;
    end if;
    if cells <> 210 or drift <> 0 then
        raise exception 'the engine requires % cells and drifts in %; wanted 210 and 0', cells, drift;
    end if;
end
$$;
