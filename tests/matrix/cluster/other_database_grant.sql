-- what: a grant on another database
-- caught-by: catalog: other database zoo acl
-- undo: grant connect on database zoo to public
revoke connect on database zoo from public;
