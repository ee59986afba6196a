-- what: the password of a user mapping
-- caught-by: standing gap: catalog options of user mappings
alter user mapping for zoo_visitor server zoo_server options (set password 'another');
