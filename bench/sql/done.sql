-- What every database ends with: the reader may read, and nothing is left to be done in the background.
revoke temporary on database :"DBNAME" from public;
revoke create on schema public from public;
grant select on all tables in schema public to bench_reader;
vacuum (freeze, analyze);
checkpoint;
