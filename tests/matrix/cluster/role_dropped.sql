-- what: a role is dropped
-- caught-by: catalog: role "Zoo ""Röle""" exists
-- undo: create role "Zoo ""Röle"""
drop role "Zoo ""Röle""";
