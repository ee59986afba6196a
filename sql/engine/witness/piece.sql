-- A range of a relation within scan.sql: its number, how many rows there are, the age of the youngest, the sum
-- of the rows' hashes, and of each column's.
select {piece}, pg_catalog.count(*), pg_catalog.min(pg_catalog.age(t.xmin)), {sum}, {columns}
  from only {relation} as t{range}
