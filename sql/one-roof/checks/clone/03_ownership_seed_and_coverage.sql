-- title: ownership seed and coverage
-- require: own >= 1, gap = 0
-- across: unchanged
--
-- The seed of the prior run is in place and every collection has an effective owner in every scope.
-- A build that touches the ownership it was told to leave alone shows here.
-- Needs SELECT on the table and the view. For PostgreSQL 14 to 18.
select (select count(*) from public.governance_object_ownership) as own,
       (select count(*) from public.v_object_owner_gap) as gap;
