-- what: everybody loses USAGE of a type
-- caught-by: catalog: type zoo.mood acl
revoke usage on type zoo.mood from public;
