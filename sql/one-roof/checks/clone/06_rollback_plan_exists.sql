-- title: rollback plan exists
-- require: rollback_script is not null, rollback_sha256 is not null, built_before_plan = 0
-- across: unchanged
--
-- The gate tells its checks which rollback script it read, and how many build scripts it has committed.
-- At entry that is none, so a table of the build that stands already was there before the plan was
-- known (`built_before_plan`); at the exit of a run that was opened for work by hand it may stand. Without the fact it is NULL, and nothing was established. `unchanged`
-- makes the plan at exit the plan of entry, byte for byte.
-- Needs no privilege. For PostgreSQL 14 to 18.
select nullif(current_setting('clonegate.rollback_script', true), '') as rollback_script,
       nullif(current_setting('clonegate.rollback_sha256', true), '') as rollback_sha256,
       case
           when nullif(current_setting('clonegate.scripts_committed', true), '')::integer > 0 then 0
           when current_setting('clonegate.worked_by_hand', true) = 'yes' then 0
           when nullif(current_setting('clonegate.scripts_committed', true), '')::integer = 0 then
               (select count(*)
                  from pg_catalog.pg_class as c
                  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
                 where c.relkind in ('r', 'p', 'f', 'v', 'm')
                   and n.nspname <> 'information_schema'
                   and n.nspname !~ '^pg_'
                   and (c.relname ~ '^axis_' or c.relname = 'coverage_rule'))
       end as built_before_plan;
