-- title: candidate/ruleset/worker state
-- require: candidates = 0, candidate_objects = 0, rulesets = 0, workers = 0
-- across: unchanged
--
-- The scanner has never run here: it leaves a row in each of these.
-- Needs SELECT on the four tables. For PostgreSQL 14 to 18.
select (select count(*) from public.governance_candidate_state) as candidates,
       (select count(*) from public.governance_candidate_object) as candidate_objects,
       (select count(*) from public.governance_ruleset) as rulesets,
       (select count(*) from public.worker_cursor) as workers;
