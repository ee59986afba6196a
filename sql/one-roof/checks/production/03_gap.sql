-- title: gap
-- require: gap = 210
-- across: unchanged
--
-- 35 governed collections in 6 active scopes, none of them owned: any other number means that the
-- inventory, the scopes or the ownership moved.
-- Needs SELECT on v_object_owner_gap. For PostgreSQL 14 to 18.
select count(*) as gap
  from public.v_object_owner_gap;
