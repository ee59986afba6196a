-- what: an extension is installed
create extension tcn schema zoo;
