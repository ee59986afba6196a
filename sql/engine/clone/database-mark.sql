-- Writes on a database whose it is and how long it lasts. Needs its ownership.
comment on database :"database" is :'mark';
