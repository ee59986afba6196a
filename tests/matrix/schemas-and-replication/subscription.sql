-- what: a subscription is to another publication
-- caught-by: catalog: subscription zoo_subscription publications
alter subscription zoo_subscription set publication nothing with (refresh = false);
