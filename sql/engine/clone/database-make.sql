-- Makes an empty database with another one's encoding and locale. Needs CREATEDB. Runs outside a
-- transaction.
create database :"database" template template0 :like;
