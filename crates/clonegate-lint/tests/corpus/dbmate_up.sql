-- migrate:up
create table widgets (
  id integer generated always as identity primary key,
  name text not null collate "C",
  price money,
  dims int[3][3],
  payload bytea default '\xdeadbeef',
  check (char_length(name) between 1 and 200)
);
insert into widgets (name, dims) values (E'tab\there', array[[1,2,3],[4,5,6],[7,8,9]]), ('it''s', '{{1,2},{3,4}}');
select dims[1:2][2:3] from widgets;
-- migrate:down would be: drop table widgets;
