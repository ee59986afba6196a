-- what: an extension is installed
-- caught-by: catalog: extension tcn exists
-- caught-by: catalog: function zoo.triggered_change_notification() exists
create extension tcn schema zoo;
