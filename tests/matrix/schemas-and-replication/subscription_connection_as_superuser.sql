-- what: where a subscription connects to, read as superuser
-- caught-by: catalog: subscription connection zoo_subscription connection md5
-- reader: superuser
alter subscription zoo_subscription connection 'host=127.0.0.2 dbname=nowhere';
