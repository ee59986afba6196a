-- What time is it by the server's clock, in seconds since 1970? Any role; all versions.
select pg_catalog.floor(extract(epoch from pg_catalog.clock_timestamp()))::bigint as seconds
