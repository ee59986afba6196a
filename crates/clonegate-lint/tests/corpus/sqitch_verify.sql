-- Verify flipr:hashtags on pg
BEGIN;
SELECT flip_id, hashtag FROM flipr.hashtags WHERE FALSE;
SELECT 1/COUNT(*) FROM information_schema.columns WHERE table_name = 'hashtags';
ROLLBACK;
