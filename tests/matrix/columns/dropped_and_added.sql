-- what: a column is dropped and added again
-- caught-by: catalog: column zoo.loose.extra position
alter table zoo.loose drop column extra, add column extra text;
