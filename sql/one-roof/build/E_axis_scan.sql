-- E: one deterministic pass of the scan. May be run again: then it moves scan counters and nothing else.
--
-- Run in: a clone, as its owner, after D, in one transaction of the executor's.
-- Needs: ownership of the axis tables. Versions: PostgreSQL 14 to 18.
-- Undone by: rollback/Z_axis_substrate_drop_clone.sql.

do $$
declare
    drift bigint;
begin
    -- A regular expression, because the underscores in a LIKE pattern are wildcards.
    if current_catalog !~ '^directus_gov_test_[a-z0-9]{1,40}$' then
        raise exception 'database % is not a governance test clone; script E runs nowhere else', current_catalog;
    end if;
    drift := public.axis_canonical_drift();
    if drift <> 0 then
        raise exception 'before script E the engine''s gap differs from v_object_owner_gap in % cells', drift;
    end if;
end
$$;

select s.scan, s.findings, s.findings_new
  from public.axis_scan() as s;

-- A second pass, looked at and taken back, so that one pass is what remains.
do $$
declare
    before jsonb;
    after jsonb;
    repeated record;
    uncounted bigint;
begin
    select jsonb_agg(to_jsonb(f) - array['last_seen_scan', 'scan_count'] order by f.finding_key)
      into before
      from public.axis_candidate_finding as f;
    begin
        select s.scan, s.findings, s.findings_new into repeated from public.axis_scan() as s;
        select jsonb_agg(to_jsonb(f) - array['last_seen_scan', 'scan_count'] order by f.finding_key),
               count(*) filter (where f.last_seen_scan <> repeated.scan or f.scan_count < 2)
          into after, uncounted
          from public.axis_candidate_finding as f;
        -- A block's changes are taken back only by an error that it handles.
        raise exception using errcode = 'AX001', message = 'the second pass is taken back';
    exception
        when sqlstate 'AX001' then
            null;
    end;
    if before is null or before is distinct from after then
        raise exception 'a second pass changed more than scan counters';
    end if;
    if repeated.findings_new <> 0 or uncounted <> 0 then
        raise exception 'a second pass found % findings again as new and did not count %', repeated.findings_new, uncounted;
    end if;
end
$$;

do $$
declare
    findings bigint := (select count(*) from public.axis_candidate_finding);
    owed bigint := (select count(*) from public.axis_candidate_finding where finding_kind = 'cell_without_owner');
    cells bigint := (select count(*) from public.v_axis_required_cell where axis_code = 'responsibility');
    gap bigint := (select count(*) from public.v_axis_coverage_gap);
    canonical bigint := (select count(*) from public.v_object_owner_gap);
    drift bigint := public.axis_canonical_drift();
    unmarked bigint := (select count(*)
                          from (select created_by from public.axis_registry
                                union all select created_by from public.axis_value
                                union all select created_by from public.axis_assignment
                                union all select created_by from public.coverage_rule
                                union all select created_by from public.axis_object_ownership
                                union all select created_by from public.axis_candidate_finding) as r
                         where not starts_with(r.created_by, 'TEST_CLONE_AXIS_'));
begin
    -- An assignment, a value and a cell give one finding each at most: the inventory bounds the scan.
    if findings = 0 or findings > 400 then
        raise exception 'the scan left % findings; wanted between 1 and 400', findings;
    end if;
    if owed <> gap then
        raise exception 'the scan found % cells without an owner and the engine %', owed, gap;
    end if;
    if unmarked <> 0 then
        raise exception '% rows do not say that they are of this build', unmarked;
    end if;
    if cells <> 210 or gap <> canonical or drift <> 0 then
        raise exception 'the engine requires % cells with a gap of % against %, and drifts in %; wanted 210, equal gaps and 0',
            cells, gap, canonical, drift;
    end if;
end
$$;
