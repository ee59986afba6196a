-- title: scanner candidate state bounded
-- require: states = 5, objects = 35, rulesets = 1, cursors = 1
-- across: unchanged
--
-- One state a group and one object a governed collection, however often the scanner ran: anything
-- more means that it does not know its own findings again.
-- Needs SELECT on the four tables. For PostgreSQL 14 to 18.
select (select count(*) from public.governance_candidate_state) as states,
       (select count(*) from public.governance_candidate_object) as objects,
       (select count(*) from public.governance_ruleset) as rulesets,
       (select count(*) from public.worker_cursor) as cursors;
