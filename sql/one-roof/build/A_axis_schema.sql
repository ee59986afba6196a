-- A: the six tables of the axis substrate, and the lifecycle of an axis.
--
-- Run in: a clone, as its owner, once, in one transaction of the executor's.
-- Needs: CREATE on schema public. Versions: PostgreSQL 14 to 18.
-- Undone by: rollback/Z_axis_substrate_drop_clone.sql.
--
-- Nothing that existed is altered. That is why no new table refers to an existing one by a foreign
-- key: the server would put triggers on the referenced table. What such a key would guarantee is
-- asserted by the scripts that write.
--
-- There is no clock in these tables: the same clone gives the same rows, so two builds can be compared.
-- When something was written is in the run's journal.

do $$
begin
    -- A regular expression, because the underscores in a LIKE pattern are wildcards.
    if current_catalog !~ '^directus_gov_test_[a-z0-9]{1,40}$' then
        raise exception 'database % is not a governance test clone; script A runs nowhere else', current_catalog;
    end if;
end
$$;

create table public.axis_registry (
    axis_code text not null,
    axis_name text not null,
    axis_family text not null,
    axis_kind text not null,
    status text not null default 'candidate',
    ordinal smallint not null,
    description text not null,
    revision integer not null default 1,
    created_by text not null,
    constraint axis_registry_pkey primary key (axis_code),
    constraint axis_registry_ordinal_key unique (ordinal),
    constraint axis_registry_code_check check (axis_code ~ '^[a-z][a-z0-9_]{0,39}$'),
    constraint axis_registry_family_check check (axis_family in ('governance', 'classification', 'structure')),
    constraint axis_registry_kind_check check (axis_kind in ('scope', 'taxonomy', 'tree')),
    constraint axis_registry_status_check check (status in ('candidate', 'active', 'deprecated', 'retired')),
    constraint axis_registry_revision_check check (revision > 0),
    constraint axis_registry_created_by_check check (created_by ~ '^TEST_CLONE_AXIS_[A-Z]')
);
comment on table public.axis_registry is
    'TEST_CLONE axis substrate: the axes along which objects are described and owned; status goes candidate, active, deprecated, retired.';

create table public.axis_value (
    axis_code text not null,
    value_code text not null,
    value_name text not null,
    parent_value_code text,
    ordinal smallint not null,
    match_pattern text,
    created_by text not null,
    constraint axis_value_pkey primary key (axis_code, value_code),
    constraint axis_value_ordinal_key unique (axis_code, ordinal),
    constraint axis_value_axis_fkey foreign key (axis_code) references public.axis_registry (axis_code),
    constraint axis_value_parent_fkey foreign key (axis_code, parent_value_code)
        references public.axis_value (axis_code, value_code),
    constraint axis_value_code_check check (value_code ~ '^[a-z][a-z0-9_]{0,39}$'),
    constraint axis_value_parent_check check (parent_value_code <> value_code),
    constraint axis_value_created_by_check check (created_by ~ '^TEST_CLONE_AXIS_[A-Z]')
);
create index axis_value_parent on public.axis_value (axis_code, parent_value_code) where parent_value_code is not null;
comment on table public.axis_value is
    'TEST_CLONE axis substrate: the values within an axis, as a tree where parent_value_code is set.';

create table public.axis_assignment (
    assignment_id bigint generated always as identity,
    axis_code text not null,
    value_code text not null,
    object_code text not null,
    zone text not null,
    match_score numeric(4, 3) not null,
    confidence numeric(4, 3) not null,
    provenance jsonb not null,
    valid_from date not null,
    valid_to date,
    revision integer not null default 1,
    created_by text not null,
    constraint axis_assignment_pkey primary key (assignment_id),
    constraint axis_assignment_revision_key unique (axis_code, value_code, object_code, revision),
    constraint axis_assignment_value_fkey foreign key (axis_code, value_code)
        references public.axis_value (axis_code, value_code),
    constraint axis_assignment_zone_check check (zone in ('approved', 'candidate', 'quarantine')),
    constraint axis_assignment_score_check check (match_score between 0 and 1),
    constraint axis_assignment_confidence_check check (confidence between 0 and 1),
    constraint axis_assignment_provenance_check check (jsonb_typeof(provenance) = 'object' and provenance ? 'method'),
    constraint axis_assignment_validity_check check (valid_to >= valid_from),
    constraint axis_assignment_revision_check check (revision > 0),
    constraint axis_assignment_created_by_check check (created_by ~ '^TEST_CLONE_AXIS_[A-Z]')
);
create unique index axis_assignment_current on public.axis_assignment (axis_code, value_code, object_code)
    where valid_to is null;
create index axis_assignment_object on public.axis_assignment (object_code, axis_code);
comment on table public.axis_assignment is
    'TEST_CLONE axis substrate: which object has which value, how sure that is, and where it comes from.';
comment on sequence public.axis_assignment_assignment_id_seq is 'TEST_CLONE axis substrate: numbers axis_assignment.';

create table public.coverage_rule (
    rule_code text not null,
    axis_code text not null,
    mode text not null,
    min_match_score numeric(4, 3) not null,
    min_confidence numeric(4, 3) not null,
    description text not null,
    created_by text not null,
    constraint coverage_rule_pkey primary key (rule_code),
    -- One rule an axis: with two, a cell would be required twice.
    constraint coverage_rule_axis_key unique (axis_code),
    constraint coverage_rule_axis_fkey foreign key (axis_code) references public.axis_registry (axis_code),
    constraint coverage_rule_mode_check check (mode in ('cross_product', 'per_assignment')),
    constraint coverage_rule_score_check check (min_match_score between 0 and 1),
    constraint coverage_rule_confidence_check check (min_confidence between 0 and 1),
    constraint coverage_rule_created_by_check check (created_by ~ '^TEST_CLONE_AXIS_[A-Z]')
);
comment on table public.coverage_rule is
    'TEST_CLONE axis substrate: which cells of an axis need an owner: every object in every value, or every approved assignment.';

create table public.axis_object_ownership (
    ownership_id bigint generated always as identity,
    axis_code text not null,
    value_code text not null,
    object_level text not null,
    object_code text not null,
    owner_role uuid not null,
    accountable boolean not null default true,
    valid_from date not null,
    valid_to date,
    created_by text not null,
    constraint axis_object_ownership_pkey primary key (ownership_id),
    constraint axis_object_ownership_value_fkey foreign key (axis_code, value_code)
        references public.axis_value (axis_code, value_code),
    -- At level value the object is the value itself: whoever owns it owns what is assigned to it.
    constraint axis_object_ownership_level_check check (object_level in ('collection', 'group', 'value')),
    constraint axis_object_ownership_object_check check (object_level <> 'value' or object_code = value_code),
    constraint axis_object_ownership_validity_check check (valid_to >= valid_from),
    constraint axis_object_ownership_created_by_check check (created_by ~ '^TEST_CLONE_AXIS_[A-Z]')
);
create unique index axis_object_ownership_accountable
    on public.axis_object_ownership (axis_code, value_code, object_level, object_code)
    where accountable and valid_to is null;
comment on table public.axis_object_ownership is
    'TEST_CLONE axis substrate: ownership for the new axes, beside governance_object_ownership so that that one is not altered; at most one accountable owner a cell.';
comment on sequence public.axis_object_ownership_ownership_id_seq is 'TEST_CLONE axis substrate: numbers axis_object_ownership.';

create table public.axis_candidate_finding (
    -- Made from what was found and nothing else, so that a repeated scan meets its own rows again.
    finding_key text not null,
    finding_kind text not null,
    axis_code text not null,
    value_code text,
    object_code text,
    detail jsonb not null,
    status text not null default 'open',
    first_seen_scan bigint not null,
    last_seen_scan bigint not null,
    scan_count bigint not null,
    created_by text not null,
    constraint axis_candidate_finding_pkey primary key (finding_key),
    constraint axis_candidate_finding_axis_fkey foreign key (axis_code) references public.axis_registry (axis_code),
    constraint axis_candidate_finding_kind_check check (finding_kind in
        ('cell_without_owner', 'assignment_in_candidate', 'assignment_in_quarantine', 'value_without_object')),
    constraint axis_candidate_finding_status_check check (status in ('open', 'accepted', 'dismissed')),
    constraint axis_candidate_finding_scan_check check (first_seen_scan > 0 and last_seen_scan >= first_seen_scan),
    constraint axis_candidate_finding_count_check check (scan_count > 0),
    constraint axis_candidate_finding_created_by_check check (created_by ~ '^TEST_CLONE_AXIS_[A-Z]')
);
create index axis_candidate_finding_kind on public.axis_candidate_finding (finding_kind, status);
comment on table public.axis_candidate_finding is
    'TEST_CLONE axis substrate: what the scan found, keyed so that a repeated scan updates counters and never duplicates.';

create function public.axis_registry_lifecycle() returns trigger
language plpgsql
as $$
declare
    stages constant text[] := array['candidate', 'active', 'deprecated', 'retired'];
    step integer;
begin
    if tg_op = 'INSERT' then
        if new.status <> 'candidate' then
            raise exception 'axis % begins as a candidate, not as %', new.axis_code, new.status
                using errcode = 'check_violation';
        end if;
        return new;
    end if;
    step := array_position(stages, new.status) - array_position(stages, old.status);
    if step not in (0, 1) then
        raise exception 'axis % can''t go from % to %', new.axis_code, old.status, new.status
            using errcode = 'check_violation', hint = 'The stages are candidate, active, deprecated, retired, one at a time.';
    end if;
    return new;
end
$$;
comment on function public.axis_registry_lifecycle() is 'TEST_CLONE axis substrate: an axis begins as a candidate and moves one stage at a time, never back.';

create trigger axis_registry_lifecycle before insert or update of status on public.axis_registry
    for each row execute function public.axis_registry_lifecycle();
comment on trigger axis_registry_lifecycle on public.axis_registry is 'TEST_CLONE axis substrate';

create function public.axis_activate(axis text) returns void
language plpgsql
as $$
begin
    if not exists (select from public.axis_value as v where v.axis_code = axis)
       or not exists (select from public.coverage_rule as r where r.axis_code = axis)
    then
        raise exception 'axis % has no value or no coverage rule, and can''t become active', axis
            using errcode = 'check_violation';
    end if;
    update public.axis_registry as a
       set status = 'active',
           revision = a.revision + 1
     where a.axis_code = axis
       and a.status = 'candidate';
    if not found then
        raise exception 'axis % is no candidate', axis using errcode = 'check_violation';
    end if;
end
$$;
comment on function public.axis_activate(text) is 'TEST_CLONE axis substrate: makes a candidate axis active once it has values and a coverage rule.';

do $$
declare
    tables bigint;
    unmarked text;
begin
    select count(*),
           string_agg(c.relname::text, ', ') filter (where obj_description(c.oid, 'pg_class') is null
                                                        or not starts_with(obj_description(c.oid, 'pg_class'), 'TEST_CLONE'))
      into tables, unmarked
      from pg_catalog.pg_class as c
     where c.relnamespace = 'public'::regnamespace
       and c.relkind = 'r'
       and (c.relname ~ '^axis_' or c.relname = 'coverage_rule');
    if tables <> 6 then
        raise exception 'script A left % axis tables; wanted 6', tables;
    end if;
    if unmarked is not null then
        raise exception 'script A left tables without a TEST_CLONE comment: %', unmarked;
    end if;
    -- A foreign key between old and new would have put triggers on the old table.
    if exists (
        select from pg_catalog.pg_constraint as f
          join pg_catalog.pg_class as c on c.oid = f.conrelid
          join pg_catalog.pg_class as o on o.oid = f.confrelid
         where f.contype = 'f'
           and (c.relname ~ '^axis_' or c.relname = 'coverage_rule')
           and not (o.relname ~ '^axis_' or o.relname = 'coverage_rule'))
    then
        raise exception 'a new table refers to an existing one, which alters it';
    end if;
end
$$;
