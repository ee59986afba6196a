-- title: clone database
-- require: database = 'directus_gov_test_20260602'
-- across: unchanged
--
-- Everything below is only worth something if it was asked of the right database. CURRENT_CATALOG is
-- syntax, so no function of the same name in the search path can answer in its place.
-- Needs CONNECT. For PostgreSQL 14 to 18.
select current_catalog::text as database;
