-- what: the password of a user mapping, read as superuser
-- caught-by: catalog: user mapping zoo_visitor on zoo_server options md5
-- reader: superuser
alter user mapping for zoo_visitor server zoo_server options (set password 'another');
