-- A whole relation within group.sql: for each row its number, its transaction, and itself as it is hashed.
select {piece}, t.xmin{written} from only {relation} as t
