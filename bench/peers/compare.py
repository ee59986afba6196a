"""Compares two databases with reladiff, table by table, for `cargo xtask bench matrix`.

Reads two URIs a line from standard input and answers each with a line: `equal`, `different NAMES` or
`failed WHY`. One process for all, because to start Python takes longer than to compare.
"""

import logging
import sys

import psycopg2
import reladiff

logging.disable(logging.CRITICAL)

# Tables with rows that both databases have, and their keys: reladiff compares by key.
TABLES = """
select n.nspname, c.relname,
       (select array_agg(a.attname order by k.n)
          from pg_index i
         cross join lateral unnest(i.indkey::smallint[]) with ordinality as k(attribute, n)
          join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attribute
         where i.indrelid = c.oid and i.indisprimary) as key,
       (select array_agg(a.attname order by a.attnum)
          from pg_attribute a
         where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
   and n.nspname not in ('pg_catalog', 'information_schema')
"""


def tables(uri):
    with psycopg2.connect(uri) as connection, connection.cursor() as cursor:
        cursor.execute(TABLES)
        return {(schema, name): (key, columns) for schema, name, key, columns in cursor}


def differs(uris, name, key, extra):
    """Whether a table differs in its key or these columns. A failure spoils the connections."""
    connections = [reladiff.connect(uri) for uri in uris]
    try:
        sides = [
            reladiff.TableSegment(c, name, key_columns=tuple(key), extra_columns=extra)
            for c in connections
        ]
        # Its own sorting fails on NULL.
        found = reladiff.diff_tables(
            *sides, algorithm=reladiff.Algorithm.HASHDIFF, skip_sort_results=True
        )
        return any(True for _ in found)
    finally:
        for connection in connections:
            connection.close()


def compare(*uris):
    first, second = (tables(uri) for uri in uris)
    different = [".".join(name) for name in first.keys() ^ second.keys()]
    failed = []
    for name in sorted(first.keys() & second.keys()):
        key, columns = first[name]
        if not key:
            failed.append(".".join(name) + " without a key")
            continue
        extra = tuple(c for c in columns if c not in key)
        try:
            if differs(uris, name, key, extra):
                different.append(".".join(name))
            continue
        except Exception:
            pass
        # What it can compare of the rest, as somebody would leave out the columns that it fails on.
        for column in extra:
            try:
                if differs(uris, name, key, (column,)):
                    different.append(".".join(name))
                    break
            except Exception:
                failed.append(".".join(name) + "." + column)
    if different:
        return "different " + ", ".join(different)
    return "equal" + (" but for " + ", ".join(failed) if failed else "")


for line in sys.stdin:
    try:
        print(compare(*line.split()), flush=True)
    except Exception as error:
        print("failed", str(error).replace("\n", " ")[:300], flush=True)
