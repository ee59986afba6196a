-- what: a partition is attached
-- caught-by: catalog: column zoo.log_2027.day exists
-- caught-by: catalog: column zoo.log_2027.id exists
-- caught-by: catalog: column zoo.log_2027.t exists
-- caught-by: catalog: index zoo.log_2027_id_idx exists
-- caught-by: catalog: table zoo.log_2027 exists
-- caught-by: gap: zoo.log_2027
-- caught-by since 18: catalog: constraint zoo.log_2027.log_day_not_null exists
create table zoo.log_2027 (like zoo.log);
alter table zoo.log attach partition zoo.log_2027 for values from ('2027-01-01') to ('2028-01-01');
