ALTER TABLE "orders" ADD "shipped_at" timestamp(6);
CREATE  INDEX  "index_orders_on_shipped_at" ON "orders"  ("shipped_at");
ALTER TABLE "orders" ADD CONSTRAINT "fk_rails_f868b47f6a" FOREIGN KEY ("user_id") REFERENCES "users" ("id") NOT VALID;
ALTER TABLE "orders" VALIDATE CONSTRAINT "fk_rails_f868b47f6a";
SELECT pg_try_advisory_xact_lock(3340234870);
