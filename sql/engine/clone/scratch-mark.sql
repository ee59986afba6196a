-- Writes on the scratch copy whose it is. Needs its ownership, which its maker has.
comment on database :"scratch" is :'mark';
