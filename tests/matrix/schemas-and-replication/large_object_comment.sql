-- what: a comment on a large object
-- caught-by: catalog: large object 70001 comment
comment on large object 70001 is 'another';
