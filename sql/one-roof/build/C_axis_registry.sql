-- C: three axes with their values and coverage rules, first as candidates, then active.
--
-- Run in: a clone, as its owner, once, after B, in one transaction of the executor's.
-- Needs: ownership of the axis tables. Versions: PostgreSQL 14 to 18.
-- Undone by: rollback/Z_axis_substrate_drop_clone.sql.

\echo C: axes, values and coverage rules

do $$
begin
    -- A regular expression, because the underscores in a LIKE pattern are wildcards.
    if current_catalog !~ '^directus_gov_test_[a-z0-9]{1,40}$' then
        raise exception 'database % is not a governance test clone; script C runs nowhere else', current_catalog;
    end if;
end
$$;

insert into public.axis_registry (axis_code, axis_name, axis_family, axis_kind, status, ordinal, description, created_by)
values ('responsibility', 'Responsibility', 'governance', 'scope', 'candidate', 1,
        'Who answers for an object, and in what', 'TEST_CLONE_AXIS_C'),
       ('topic', 'Topic', 'classification', 'taxonomy', 'candidate', 2,
        'What an object is about', 'TEST_CLONE_AXIS_C'),
       ('containment', 'Containment', 'structure', 'tree', 'candidate', 3,
        'Where an object belongs under the one roof', 'TEST_CLONE_AXIS_C');

-- The scopes themselves, read and not repeated: a scope that is added or closed is one here too.
insert into public.axis_value (axis_code, value_code, value_name, ordinal, created_by)
select 'responsibility', s.scope_code, s.description, s.ordinal, 'TEST_CLONE_AXIS_C'
  from public.responsibility_scope as s
 where s.active
 order by s.ordinal;

-- A topic recognises its objects by a pattern over their name and purpose. `unsorted` is for what no
-- topic recognises, `strategy` is one that has no object yet.
insert into public.axis_value (axis_code, value_code, value_name, ordinal, match_pattern, created_by)
values ('topic', 'publishing', 'Publishing', 1, '(article|page|media|translat|publish)', 'TEST_CLONE_AXIS_C'),
       ('topic', 'sales', 'Sales', 2, '(customer|product|price|sale|order)', 'TEST_CLONE_AXIS_C'),
       ('topic', 'finance', 'Finance', 3, '(invoice|payment|money)', 'TEST_CLONE_AXIS_C'),
       ('topic', 'staffing', 'Staffing', 4, '(employee|team|position|contract|leave|staff)', 'TEST_CLONE_AXIS_C'),
       ('topic', 'learning', 'Learning', 5, '(training|skill|lesson|course|learn)', 'TEST_CLONE_AXIS_C'),
       ('topic', 'records', 'Records', 6, '(document|decision|paper)', 'TEST_CLONE_AXIS_C'),
       ('topic', 'operations', 'Operations', 7, '(task|workflow|schedule|incident|work|break|broke)', 'TEST_CLONE_AXIS_C'),
       ('topic', 'strategy', 'Strategy', 8, '(strategy|roadmap)', 'TEST_CLONE_AXIS_C'),
       ('topic', 'unsorted', 'Not sorted yet', 9, null, 'TEST_CLONE_AXIS_C');

insert into public.axis_value (axis_code, value_code, value_name, parent_value_code, ordinal, created_by)
values ('containment', 'one_roof', 'The one roof', null, 0, 'TEST_CLONE_AXIS_C');
insert into public.axis_value (axis_code, value_code, value_name, parent_value_code, ordinal, created_by)
select 'containment', g.group_code, g.description, 'one_roof', g.ordinal, 'TEST_CLONE_AXIS_C'
  from public.governance_group as g
 order by g.ordinal;

insert into public.coverage_rule (rule_code, axis_code, mode, min_match_score, min_confidence, description, created_by)
values ('responsibility_everywhere', 'responsibility', 'cross_product', 0, 0,
        'Every governed collection needs an accountable owner in every scope', 'TEST_CLONE_AXIS_C'),
       ('topic_where_approved', 'topic', 'per_assignment', 0.800, 0.700,
        'Every approved topic of a collection needs an accountable owner', 'TEST_CLONE_AXIS_C'),
       ('containment_where_approved', 'containment', 'per_assignment', 1, 1,
        'Every place of a collection needs an accountable owner', 'TEST_CLONE_AXIS_C');

do $$
declare
    candidates bigint := (select count(*) from public.axis_registry where status = 'candidate');
    cells bigint := (select count(*) from public.v_axis_required_cell);
begin
    if candidates <> 3 or cells <> 0 then
        raise exception 'script C has % candidate axes that require % cells; wanted 3 that require none', candidates, cells;
    end if;

    perform public.axis_activate(a.axis_code) from public.axis_registry as a order by a.ordinal;
end
$$;

do $$
declare
    active bigint := (select count(*) from public.axis_registry where status = 'active');
    axis_values bigint := (select count(*) from public.axis_value);
    cells bigint := (select count(*) from public.v_axis_required_cell where axis_code = 'responsibility');
    other_cells bigint := (select count(*) from public.v_axis_required_cell where axis_code <> 'responsibility');
    drift bigint := public.axis_canonical_drift();
begin
    if active <> 3 or axis_values <> 21 then
        raise exception 'script C left % active axes and % values; wanted 3 and 21', active, axis_values;
    end if;
    if cells <> 210 or other_cells <> 0 then
        raise exception 'the engine requires % cells of responsibility and % of others; wanted 210 and 0', cells, other_cells;
    end if;
    if drift <> 0 then
        raise exception 'the engine''s gap differs from v_object_owner_gap in % cells', drift;
    end if;
end
$$;
