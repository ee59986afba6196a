-- V7__subscriptions.sql
create table subscription (
    id          uuid primary key default gen_random_uuid(),
    account_id  bigint not null,
    plan        text not null check (plan in ('free', 'team', 'enterprise')),
    starts_on   date not null,
    ends_on     date,
    period      daterange generated always as (daterange(starts_on, ends_on, '[)')) stored,
    constraint no_overlap exclude using gist (account_id with =, period with &&)
);

create index subscription_active on subscription (account_id) where ends_on is null;

comment on table subscription is $$One row a plan that an account had; the current one has no end.$$;
comment on column subscription.period is 'half open: [starts_on, ends_on)';
