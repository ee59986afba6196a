-- A statement's rows, at most :limit of them. NULL is an empty field, everything else is quoted.
copy (select * from (
:statement
) as q limit :limit) to stdout with (format csv, header, force_quote *);
