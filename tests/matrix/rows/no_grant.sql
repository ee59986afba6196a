-- what: a row of a table that the reader has no grant on
-- caught-by: standing gap: keeper_only.secret
update keeper_only.secret set t = 'y';
