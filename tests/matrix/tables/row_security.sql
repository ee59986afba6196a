-- what: row security is switched on
-- caught-by: catalog: table zoo.unguarded row security
-- caught-by: gap: zoo.unguarded
alter table zoo.unguarded enable row level security;
