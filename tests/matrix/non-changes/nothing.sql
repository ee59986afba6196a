-- what: nothing at all, and the witnesses' own reads
select 1;
