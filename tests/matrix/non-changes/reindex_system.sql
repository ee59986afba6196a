-- what: REINDEX of the system catalogs
reindex table pg_class;
reindex table pg_attribute;
