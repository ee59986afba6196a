"""Compares two databases with reladiff, table by table, for `cargo xtask bench matrix`.

Reads two URIs a line from standard input, the original's first, and answers each with a line: `equal`,
`different NAMES` or `failed WHY`. One process for all, because to start Python takes longer than to
compare.
"""

import gc
import logging
import sys

import psycopg2
import reladiff

logging.disable(logging.CRITICAL)

# Tables with rows, and their keys: reladiff compares by key.
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
    connection = psycopg2.connect(uri)
    try:
        with connection.cursor() as cursor:
            cursor.execute(TABLES)
            return {(schema, name): (key, columns) for schema, name, key, columns in cursor}
    finally:
        connection.close()


def differs(uris, name, key, extra):
    """Whether a table differs in its key or these columns. A failure spoils the connections."""
    connections = [reladiff.connect(uri) for uri in uris]
    try:
        sides = [
            reladiff.TableSegment(c, name, key_columns=tuple(key), extra_columns=extra)
            for c in connections
        ]
        # Its own sorting fails on NULL, and by itself it compares no empty table.
        found = reladiff.diff_tables(
            *sides,
            algorithm=reladiff.Algorithm.HASHDIFF,
            skip_sort_results=True,
            allow_empty_tables=True,
        )
        return any(True for _ in found)
    finally:
        for connection in connections:
            connection.close()


def words(error):
    """An error without the table that some repeat with all they know of it."""
    lines = str(error).split(" for table TableSegment(")[0].splitlines()
    return lines[0][:120] if lines else type(error).__name__


def works(uri, name, key, extra):
    try:
        differs((uri, uri), name, key, extra)
        return True
    except Exception:
        return False


def comparable(uri):
    """The tables and columns that can be compared between a database and itself.

    Somebody who uses reladiff leaves out the rest as well: on that it fails whatever is changed.
    """
    found = {}
    for name, (key, columns) in tables(uri).items():
        # It takes what it is told for a key, and allows duplicates.
        key = key or (columns or [])[:1]
        if not key or not works(uri, name, key, ()):
            continue
        extra = tuple(c for c in columns if c not in key)
        if not works(uri, name, key, extra):
            extra = tuple(c for c in extra if works(uri, name, key, (c,)))
        found[name] = key, extra
    return found


def compare(known, *uris):
    first, second = (tables(uri) for uri in uris)
    different = [".".join(name) for name in first.keys() ^ second.keys()]
    failed = []
    for name in sorted(first.keys() & second.keys() & known.keys()):
        key, extra = known[name]
        try:
            if differs(uris, name, key, extra):
                different.append(".".join(name))
            continue
        except Exception as error:
            if not extra:
                failed.append(f"{'.'.join(name)}: {words(error)}")
        # The change may be in a column on which it does not fail.
        for column in extra:
            try:
                if differs(uris, name, key, (column,)):
                    different.append(".".join(name))
                    break
            except Exception as error:
                failed.append(f"{'.'.join(name)}.{column}: {words(error)}")
    if different:
        return "different " + ", ".join(sorted(different))
    return "failed on " + "; ".join(failed) if failed else "equal"


known = None
for line in sys.stdin:
    uris = line.split()
    try:
        if known is None:
            known = comparable(uris[0])
        answer = compare(known, *uris)
    except Exception as error:
        answer = f"failed: {words(error)}"
    # A failure's traceback keeps its connection open, and nobody can copy a database that has one.
    gc.collect()
    print(" ".join(answer.split())[:1000], flush=True)
