-- Copies the clone. Needs CREATEDB, and ownership of the clone or its template mark; nobody may be
-- connected to the clone. Runs outside a transaction.
create database :"scratch" template :"clone";
