Locks that hold others up.

-- attack: for-update
-- expect: judge
select * from held for update

-- attack: for-no-key-update
-- expect: judge
select * from held for no key update

-- attack: for-share
-- expect: judge
select * from held for share

-- attack: for-key-share
-- expect: judge
select * from held for key share

-- attack: for-update-in-a-subquery
-- expect: judge
select * from (select * from held for update) x

-- attack: for-update-in-a-cte
-- expect: judge
with x as (select * from held for update) select * from x

-- attack: for-update-skip-locked
-- expect: judge
select * from held for update skip locked

-- attack: for-update-of
-- expect: judge
select * from held h for update of h nowait

-- attack: lock-access-exclusive
-- note: an owner can, in a READ ONLY transaction
-- expect: judge
lock table held in access exclusive mode

-- attack: lock-share
-- expect: judge
lock table held in share mode

-- attack: lock-access-share
-- expect: judge
lock held in access share mode

-- attack: lock-pg-authid
-- note: nobody could log in any more
-- expect: judge
lock table pg_authid in access exclusive mode

-- attack: waits-for-a-lock
-- bounds: tight
-- expect: judge
select pg_advisory_xact_lock(42) from generate_series(1, 2)
