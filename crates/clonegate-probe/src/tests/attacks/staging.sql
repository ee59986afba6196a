-- Another database of the same server. Whoever reads this row is not where they should be.
create table canary (id int primary key, secret text not null);
insert into canary values (1, 'row-of-staging');
create table rows_of_somebody (id int);
grant select on canary, rows_of_somebody to public;
vacuum (freeze, analyze);
