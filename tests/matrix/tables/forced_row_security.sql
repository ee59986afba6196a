-- what: row security is forced on the owner
-- caught-by: catalog: table zoo.guarded forced row security
alter table zoo.guarded force row level security;
