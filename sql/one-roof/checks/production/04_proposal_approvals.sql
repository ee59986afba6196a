-- title: proposal approvals
-- require: approvals = 0
-- across: unchanged
--
-- Only people ratify. An approval that appears during a run was forged by it, or the run was not alone.
-- Needs SELECT on os_proposal_approvals. For PostgreSQL 14 to 18.
select count(*) as approvals
  from public.os_proposal_approvals;
