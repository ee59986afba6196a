-- what: everybody loses USAGE of a type
revoke usage on type zoo.mood from public;
