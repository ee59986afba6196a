alter table article add column search tsvector
    generated always as (setweight(to_tsvector('english', coalesce(title, '')), 'A')
                      || setweight(to_tsvector('english', coalesce(body, '')), 'B')) stored;
create index article_search on article using gin (search);
create text search configuration simple_unaccent (copy = simple);
alter text search configuration simple_unaccent alter mapping for hword, hword_part, word with unaccent, simple;
create materialized view tag_cloud as
    select t.tag, count(*) from article a cross join lateral unnest(a.tags) as t(tag) group by 1 with no data;
refresh materialized view tag_cloud;
