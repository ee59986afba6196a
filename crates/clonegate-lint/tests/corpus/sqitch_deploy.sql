-- Deploy flipr:hashtags to pg
-- requires: schema
-- requires: flips

BEGIN;

SET client_min_messages = 'warning';

CREATE TABLE flipr.hashtags (
    flip_id BIGINT      NOT NULL REFERENCES flipr.flips(id),
    hashtag VARCHAR(128) NOT NULL CHECK ( hashtag ~ '^#' ),
    PRIMARY KEY (flip_id, hashtag)
);

COMMIT;
