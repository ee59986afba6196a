-- Nobody but its owner may connect to the new database. Needs its ownership, which its maker has.
revoke all on database :"database" from public;
