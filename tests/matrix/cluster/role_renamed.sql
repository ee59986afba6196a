-- what: a role is renamed
-- caught-by: catalog: role "Zoo ""Röle""" exists
-- caught-by: catalog: role plain exists
-- undo: alter role plain rename to "Zoo ""Röle"""
alter role "Zoo ""Röle""" rename to plain;
