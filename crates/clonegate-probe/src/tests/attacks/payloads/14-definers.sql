What writes with its owner's rights, behind a view that the role may read. The judge sees a view's name, and
somebody accepted the function for the role: what is left is that the transaction is READ ONLY.

-- attack: definers-insert
-- expect minimal: server 25006
-- expect pg_read_all_data: server 42501
-- expect: role
select id, secret from audited where seen = 1

-- attack: definers-insert-counted
-- expect minimal: server 25006
-- expect pg_read_all_data: server 42501
-- expect: role
select count(seen) from audited

-- attack: definers-insert-in-a-cte
-- expect minimal: server 25006
-- expect pg_read_all_data: server 42501
-- expect: role
with a as materialized (select * from audited) select 1 from a

-- attack: definers-insert-in-a-join
-- expect minimal: server 25006
-- expect pg_read_all_data: server 42501
-- expect: role
select n.n from numbers n join audited a on a.seen = n.n

-- attack: definers-row-lock
-- expect minimal: server 25006
-- expect pg_read_all_data: server 42501
-- expect: role
select id from taken

-- attack: definers-sequence
-- expect minimal: server 25006
-- expect pg_read_all_data: server 42501
-- expect: role
select n from counted

-- attack: definers-table
-- expect minimal: server 25006
-- expect pg_read_all_data: server 42501
-- expect: role
select n from making
