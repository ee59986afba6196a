-- what: a setting of an application, which may be a secret
-- caught-by: catalog: setting app.secret of all roles in this database exists
alter database zoo_copy set app.secret = 'x';
