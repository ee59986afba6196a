-- R__report_views.sql
create or replace view report.monthly_revenue as
with months as (
    select date_trunc('month', i.issued_at)::date as month, sum(i.total) as total
      from billing.invoice i
     where i.status <> 'void'
     group by 1
)
select m.month, m.total,
       m.total - lag(m.total) over (order by m.month) as change,
       round(100.0 * m.total / nullif(sum(m.total) over (), 0), 2) as "share %"
  from months m;

create or replace function report.fiscal_year(d date) returns int
    language sql immutable parallel safe
    return extract(year from d + interval '6 months');
