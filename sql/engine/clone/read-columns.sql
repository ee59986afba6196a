-- The names of a statement's columns, without running it: a header and no rows.
copy (select * from (
:statement
) as q limit 0) to stdout with (format csv, header);
