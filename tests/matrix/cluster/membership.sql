-- what: a role becomes a member of another
-- caught-by: catalog: membership "Zoo ""Röle""" in zoo_keeper by postgres exists
-- undo: revoke zoo_keeper from "Zoo ""Röle"""
grant zoo_keeper to "Zoo ""Röle""";
