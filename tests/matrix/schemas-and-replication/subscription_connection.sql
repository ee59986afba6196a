-- what: where a subscription connects to
-- caught-by: standing gap: catalog subscription connection
alter subscription zoo_subscription connection 'host=127.0.0.2 dbname=nowhere';
