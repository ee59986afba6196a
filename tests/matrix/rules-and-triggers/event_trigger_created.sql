-- what: an event trigger is created
-- caught-by: catalog: event trigger watch exists
create event trigger watch on ddl_command_end execute function zoo.note_ddl();
