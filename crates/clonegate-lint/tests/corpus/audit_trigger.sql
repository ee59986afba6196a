create schema audit;
revoke create on schema audit from public;

create table audit.logged_actions (
    event_id bigserial primary key,
    schema_name text not null,
    table_name text not null,
    action text not null check (action in ('I', 'D', 'U', 'T')),
    row_data hstore,
    changed_fields hstore,
    at timestamptz not null default clock_timestamp()
);

create or replace function audit.if_modified_func() returns trigger as $body$
declare
    audit_row audit.logged_actions;
    excluded_cols text[] = array[]::text[];
    h_old hstore;
begin
    if tg_when <> 'AFTER' then
        raise exception 'audit.if_modified_func() may only run as an AFTER trigger';
    end if;
    audit_row.action = substring(tg_op, 1, 1);
    if tg_argv[1] is not null then
        excluded_cols = tg_argv[1]::text[];
    end if;
    if (tg_op = 'UPDATE' and tg_level = 'ROW') then
        audit_row.row_data = hstore(old.*) - excluded_cols;
        audit_row.changed_fields = (hstore(new.*) - audit_row.row_data) - excluded_cols;
        if audit_row.changed_fields = hstore('') then
            return null;
        end if;
    elsif (tg_op = 'DELETE' and tg_level = 'ROW') then
        audit_row.row_data = hstore(old.*) - excluded_cols;
    end if;
    insert into audit.logged_actions values (audit_row.*);
    perform pg_notify('audit', audit_row.table_name);
    return null;
end;
$body$ language plpgsql;

create or replace function audit.audit_table(target_table regclass) returns void as $$
begin
    execute 'drop trigger if exists audit_trigger_row on ' || target_table;
    execute format('create trigger audit_trigger_row after insert or update or delete on %s for each row execute procedure audit.if_modified_func()', target_table);
end;
$$ language plpgsql;
