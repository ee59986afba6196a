-- what: everybody loses EXECUTE
-- caught-by: catalog: function zoo.add(a integer, b integer) acl
revoke execute on function zoo.add(int, int) from public;
