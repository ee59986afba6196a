-- what: a membership loses its admin option
-- caught-by: catalog: membership zoo_owner in zoo_keeper by postgres admin
-- undo: grant zoo_keeper to zoo_owner with admin option
revoke admin option for zoo_keeper from zoo_owner;
