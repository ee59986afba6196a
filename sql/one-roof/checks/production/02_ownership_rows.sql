-- title: ownership rows
-- require: ownership_rows = 0
-- across: unchanged
--
-- Ownership is ratified by people. Until they did, a row here was written by somebody who may not.
-- Needs SELECT on governance_object_ownership. For PostgreSQL 14 to 18.
select count(*) as ownership_rows
  from public.governance_object_ownership;
