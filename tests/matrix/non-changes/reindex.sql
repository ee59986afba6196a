-- what: REINDEX
reindex schema zoo;
