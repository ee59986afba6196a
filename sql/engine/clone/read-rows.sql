-- A statement's rows, at most :limit of them. NULL is an empty field without quotes; an empty text has them.
copy (select * from (
:statement
) as q limit :limit) to stdout with (format csv, header);
