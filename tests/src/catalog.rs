//! The catalog witness, held against the server's own list of catalogs and columns, and against time.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;
use serde::Deserialize;

use crate::matrix::{Reader, Zoo, snapshot};

/// Columns that the witness does not read, with the reason.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LeftOut {
    left_out: Vec<Columns>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Columns {
    catalog: String,
    columns: Vec<String>,
    #[allow(dead_code, reason = "it is for readers of the file")]
    because: String,
}

/// A catalog's column.
type Column = (String, String);

const COLUMNS: &str = "select c.oid, c.relname, a.attnum, a.attname
  from pg_class as c join pg_attribute as a on a.attrelid = c.oid
 where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped";

/// What a whole row's number is among the columns that a query reads.
const WHOLE_ROW: i32 = 0;

/// Bit sets of columns begin with the system's own (FirstLowInvalidHeapAttributeNumber is -7).
const FIRST_COLUMN: i32 = 7;

fn in_checkout(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The witness's queries that a server of this version is asked, each whole.
fn queries(major: u32) -> BTreeMap<String, String> {
    let folder = in_checkout("../sql/engine/witness/catalog");
    let files = fs::read_dir(folder).expect("the folder can be read");
    let files = files.map(|entry| entry.expect("an entry").path());
    let named = files.map(|path| {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        (name, text(&path).replace("{pages}", "1").replace("{page}", "0"))
    });
    // `plan` lists nothing; `system` has digests of what came with the server.
    named
        .filter(|(name, _)| name != "plan" && name != "system")
        .filter(|(_, sql)| major >= 15 || !sql.contains("15 and later."))
        .collect()
}

/// Every column that neither a query reads nor the file leaves out, and every entry of the file that a
/// query reads nevertheless. `ask` runs SQL as superuser and gives psql's output.
pub(crate) async fn unread_columns(major: u32, ask: impl AsyncFn(&str) -> String) -> Vec<String> {
    let mut columns: BTreeMap<i64, BTreeMap<i32, Column>> = BTreeMap::new();
    for line in ask(COLUMNS).await.lines() {
        let [oid, catalog, number, column] = line.split('|').collect::<Vec<_>>()[..] else {
            panic!("psql says {line:?}");
        };
        let numbered = columns.entry(oid.parse().expect("an oid")).or_default();
        let column = (catalog.to_owned(), column.to_owned());
        numbered.insert(number.parse().expect("a number"), column);
    }

    let queries = queries(major);
    let mut script = String::new();
    for (name, sql) in &queries {
        script.push_str(&format!("create temporary view v_{name} as {sql};\n"));
    }
    script.push_str(
        "select ev_action from pg_rewrite as r join pg_class as c on c.oid = r.ev_class where c.relpersistence = 't'",
    );
    let parsed = ask(&script).await;
    // The relation and its columns as the server's parser noted them; 16 and later in a list of their own.
    let noted = Regex::new(r":relid (\d+)|:selectedCols \(b([ \d]*)\)").expect("a pattern");
    let mut read: BTreeMap<i64, BTreeSet<i32>> = BTreeMap::new();
    let mut relation = 0;
    for noted in noted.captures_iter(&parsed) {
        if let Some(oid) = noted.get(1) {
            relation = oid.as_str().parse().expect("an oid");
        } else if let Some(bits) = noted.get(2) {
            let bits = bits.as_str().split_whitespace();
            let numbers = bits.map(|bit| bit.parse::<i32>().expect("a number") - FIRST_COLUMN);
            read.entry(relation).or_default().extend(numbers);
        }
    }

    // `to_jsonb(row) - '{…}'` reads the row but for those, and `to_jsonb(row) -> 'name'` one column.
    let alias = Regex::new(r"pg_catalog\.(pg_\w+) as (\w+)").expect("a pattern");
    let but = Regex::new(r"to_jsonb\((\w+)\)\s*-\s*'\{([^}]*)\}'").expect("a pattern");
    let one = Regex::new(r"to_jsonb\((\w+)\)\s*->>?\s*'(\w+)'").expect("a pattern");
    let mut rest: BTreeMap<String, Vec<BTreeSet<String>>> = BTreeMap::new();
    let mut by_name: BTreeSet<Column> = BTreeSet::new();
    for sql in queries.values() {
        let catalogs: BTreeMap<&str, &str> = alias
            .captures_iter(sql)
            .map(|c| c.extract().1)
            .map(|[catalog, alias]| (alias, catalog))
            .collect();
        for [alias, list] in but.captures_iter(sql).map(|c| c.extract().1) {
            let list = list.split(',').map(str::to_owned).collect();
            rest.entry(catalogs[alias].to_owned()).or_default().push(list);
        }
        for [alias, column] in one.captures_iter(sql).map(|c| c.extract().1) {
            by_name.insert((catalogs[alias].to_owned(), column.to_owned()));
        }
    }

    let left_out: LeftOut =
        toml::from_str(&text(&in_checkout("catalog/left-out.toml"))).expect("the file is TOML");
    let mut wrong = Vec::new();
    for (oid, numbered) in columns {
        let nothing = BTreeSet::new();
        let read = read.get(&oid).unwrap_or(&nothing);
        for (number, column) in numbered {
            let (catalog, name) = &column;
            let in_the_rest = read.contains(&WHOLE_ROW)
                && rest.get(catalog).is_some_and(|lists| lists.iter().any(|l| !l.contains(name)));
            let is_read = read.contains(&number) || in_the_rest || by_name.contains(&column);
            let entries = left_out.left_out.iter().filter(|e| &e.catalog == catalog);
            let named = entries.clone().any(|e| e.columns.contains(name));
            let all = entries.clone().any(|e| e.columns == ["*"]);
            if !is_read && !named && !all {
                wrong.push(format!("{catalog}.{name} is neither read nor left out by name"));
            }
            if is_read && named {
                wrong.push(format!("{catalog}.{name} is read, and left out by name"));
            }
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_column_of_every_catalog_is_read_or_left_out_with_a_reason() {
    let zoo = Zoo::start().await;
    let wrong = unread_columns(zoo.major(), async |sql| zoo.sql("zoo", sql).await).await;
    assert!(wrong.is_empty(), "PostgreSQL {}:\n{}", zoo.major(), wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_comment_of_the_zoo_is_in_its_catalog() {
    let zoo = Zoo::start().await;
    let written = "select c.relname || ': ' || d.description
          from (select classoid, objoid, description from pg_description
                union all select classoid, objoid, description from pg_shdescription) as d
          join pg_class as c on c.oid = d.classoid
         where d.objoid >= 16384";
    let snapshot = snapshot(&zoo, "zoo", Reader::Plain, None).await;
    let seen: BTreeSet<&str> = snapshot
        .catalog
        .iter()
        .flat_map(|o| o.attributes.iter().filter(|(name, _)| name.ends_with("comment")))
        .map(|(_, comment)| comment)
        .collect();
    let written = zoo.sql("zoo", written).await;
    assert!(written.lines().count() > 40, "{written}");
    for line in written.lines() {
        let (_, comment) = line.split_once(": ").expect("a catalog and a comment");
        assert!(seen.contains(comment), "{line}");
    }
}

/// The witness puts together what `pg_get_indexdef` would say of a plain index.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_index_is_defined_in_the_servers_own_words() {
    let zoo = Zoo::start().await;
    let more = "create schema \"Odd x\"; create type \"Odd x\".mood as enum ('a');
        create table \"Odd x\".\"T\" (\"Id\" int primary key, v varchar(5), c char(3) unique, t text, a int[], m \"Odd x\".mood);
        create index on \"Odd x\".\"T\" (\"Id\", t); create index on \"Odd x\".\"T\" (v); create index on \"Odd x\".\"T\" (c, v desc);
        create index on \"Odd x\".\"T\" (t collate \"C\"); create index on \"Odd x\".\"T\" (t text_pattern_ops);
        create index on \"Odd x\".\"T\" (a); create index on \"Odd x\".\"T\" (m); create index on \"Odd x\".\"T\" (lower(t));
        create index on \"Odd x\".\"T\" (t) where \"Id\" > 1; create index on \"Odd x\".\"T\" (t) include (v);
        create index on \"Odd x\".\"T\" using hash (t); create index on \"Odd x\".\"T\" (t nulls first) with (fillfactor = 70)";
    zoo.sql("zoo", more).await;
    let snapshot = snapshot(&zoo, "zoo", Reader::Plain, None).await;
    let indexes = snapshot.catalog.iter().filter(|o| o.class == "index");
    let seen: BTreeSet<String> = indexes.map(|o| o.attributes["definition"].to_owned()).collect();
    let said = "select pg_get_indexdef(i.indexrelid) from pg_index as i
          join pg_class as c on c.oid = i.indexrelid join pg_namespace as n on n.oid = c.relnamespace
         where c.oid >= 16384 and n.nspname !~ '^pg_toast'";
    let said = zoo.sql("zoo", said).await;
    let said: BTreeSet<String> = said.lines().map(str::to_owned).collect();
    assert!(said.len() > 30, "{said:#?}");
    assert_eq!(seen, said);
}

/// The witness puts together what `pg_get_constraintdef` would say of a plain primary key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_constraint_is_defined_in_the_servers_own_words() {
    let zoo = Zoo::start().await;
    let more = "create schema \"Odd x\"; create table \"Odd x\".\"T\" (\"Id\" int primary key, v text unique);
        create table \"Odd x\".two (a int, \"B\" int, primary key (\"B\", a));
        create table \"Odd x\".late (a int primary key deferrable initially deferred);
        create table \"Odd x\".wide (a int, b int, primary key (a) include (b));
        create table \"Odd x\".filled (a int, \"select\" int primary key with (fillfactor = 70));
        alter table \"Odd x\".filled drop a;
        create table \"Odd x\".parts (a int primary key) partition by list (a);
        create table \"Odd x\".part partition of \"Odd x\".parts for values in (1)";
    zoo.sql("zoo", more).await;
    let snapshot = snapshot(&zoo, "zoo", Reader::Plain, None).await;
    let constraints = snapshot.catalog.iter().filter(|o| o.class == "constraint");
    let seen: BTreeSet<String> = constraints
        .map(|o| format!("{} {}", &o.attributes["on"], &o.attributes["definition"]))
        .collect();
    let said = "select pg_catalog.format('%I.%I %s', n.nspname, coalesce(c.relname, t.typname), pg_get_constraintdef(o.oid))
          from pg_constraint as o
          left join pg_class as c on c.oid = o.conrelid left join pg_type as t on t.oid = o.contypid
          join pg_namespace as n on n.oid = coalesce(c.relnamespace, t.typnamespace)
         where o.oid >= 16384 and o.contype <> 't'";
    let said = zoo.sql("zoo", said).await;
    let said: BTreeSet<String> = said.lines().map(str::to_owned).collect();
    let keys = said.iter().filter(|s| s.contains("PRIMARY KEY")).count();
    assert!(keys > 7 && said.len() > 20, "{said:#?}");
    assert_eq!(seen, said);
}

/// Most relations, columns and indexes have few of the attributes that there are, and the others are only read where a
/// condition says that there is one. It must not leave any out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_read_only_where_it_is_there_is_read_wherever_it_is() {
    let zoo = Zoo::start().await;
    let more = "create table t (a text, b text collate \"C\", c int[], d int generated always as identity);
        alter table t alter a set storage external; alter table t alter a set statistics 7; alter table t alter a set (n_distinct = 5); grant select (b) on t to public;
        create table u () inherits (t); comment on column t.c is 'c';
        create index i on t (lower(a), b); alter index i alter column 1 set statistics 7; comment on index i is 'i';
        cluster t using i; alter table t replica identity full; alter table t set (toast.autovacuum_enabled = off)";
    zoo.sql("zoo", more).await;
    let queries = queries(15);
    for class in ["relation", "column", "index"] {
        let query = &queries[class];
        let (before, rest) = query.split_once("       || case when ").expect("a condition");
        let (_, after) = rest.split_once(" then array[\n").expect("and what is read then");
        let with =
            |condition| format!("{before}       || case when {condition} then array[\n{after}");
        let seen = |query: &str| {
            format!(
                "select q.identity, string_agg(format('%s: %s', a.name, a.value), e'\\x1f' order by a.n)
                   from ({query}\n) as q
                  cross join lateral (
                      select n, q.attributes[n] as name, q.attributes[n + 1] as value
                        from generate_series(1, cardinality(q.attributes), 2) as n) as a
                  where a.value is not null
                  group by q.identity order by 1"
            )
        };
        let as_it_is = zoo.sql("zoo", &seen(query)).await;
        let always = zoo.sql("zoo", &seen(&with("true"))).await;
        let never = zoo.sql("zoo", &seen(&with("false"))).await;
        assert!(as_it_is.contains("comment: ") && as_it_is != never, "{as_it_is}");
        assert_eq!(as_it_is, always, "{class}");
    }
}

/// Where there are many relations they are answered in another form, which must say the same of each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_one_of_many_is_defined_as_it_is_among_few() {
    const LARGE: [&str; 4] = ["relation", "column", "constraint", "index"];
    let zoo = Zoo::start().await;
    let odd = r#"
        create table "a ""b"" \c{,}" ("NULL" text default '{"x,\"}', " " int check (" " > 0), "é
" int, primary key ("NULL", "é
"));
        comment on table "a ""b"" \c{,}" is 'NULL';
        comment on column "a ""b"" \c{,}"."NULL" is e'two\nlines "quoted" \\'"#;
    zoo.sql("zoo", odd).await;
    let large = |snapshot: &clonegate_model::Snapshot| -> BTreeSet<String> {
        let objects = snapshot.catalog.iter().filter(|o| LARGE.contains(&o.class.as_str()));
        objects.map(|o| format!("{o:?}")).collect()
    };
    let few = large(&snapshot(&zoo, "zoo", Reader::Plain, None).await);
    assert!(few.iter().any(|o| o.contains("quoted")) && few.len() > 300, "{}", few.len());
    let six_hundred = "select format('create table many_%s (id int primary key, v text)', i) from generate_series(1, 600) as i";
    zoo.sql("zoo", &format!("{six_hundred} \\gexec")).await;
    let many = large(&snapshot(&zoo, "zoo", Reader::Plain, None).await);
    let missing: Vec<&String> = few.difference(&many).collect();
    assert!(missing.is_empty(), "{missing:#?}");
    // Each of them is a relation with two columns, a key and its index.
    assert_eq!(many.len() - few.len(), 600 * 5);
}

/// A snapshot shows definitions and no secrets.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_of_the_zoo_is_in_a_snapshot() {
    let zoo = Zoo::start().await;
    zoo.sql(
        "postgres",
        "alter role zoo_visitor password 'tiger-1'; alter database zoo set app.token = 'tiger-2'",
    )
    .await;
    zoo.sql(
        "zoo",
        "create subscription s connection 'host=127.0.0.1 password=tiger-3' publication p with (connect = false, slot_name = none)",
    )
    .await;
    let snapshot = snapshot(&zoo, "zoo", Reader::Superuser, None).await;
    let text = serde_json::to_string(&snapshot).expect("a snapshot is JSON");
    for secret in ["tiger-1", "tiger-2", "tiger-3", "not a secret", "SCRAM-SHA-256$"] {
        assert!(!text.contains(secret), "{secret}");
    }
    assert!(text.contains("connection md5") && text.contains("options md5"), "they are digests");
}

/// Within the bounds of the channel: 5 s a statement and 500 rows an answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_relations_fit_the_channel() {
    let zoo = Zoo::start().await;
    zoo.sql("postgres", "create database many").await;
    let made = "do $$
begin
    for n in 1 .. 5000 loop
        execute format('create table t%s (id int primary key, name text not null default ''x'', at timestamptz default now(), amount numeric(10, 2))', n);
        -- Each holds locks until its transaction ends.
        if n % 500 = 0 then
            commit;
        end if;
    end loop;
end
$$";
    zoo.sql("many", made).await;
    let begun = std::time::Instant::now();
    let snapshot = snapshot(&zoo, "many", Reader::Plain, None).await;
    let elapsed = begun.elapsed();
    let count = |class: &str| snapshot.catalog.iter().filter(|o| o.class == class).count();
    assert_eq!((count("relation"), count("index"), count("column")), (5000, 5000, 20000));
    let catalog = snapshot.coverage.iter().filter(|c| c.subject.starts_with("catalog "));
    let gaps: Vec<_> =
        catalog.filter(|c| matches!(c.covered, clonegate_model::Covered::Gap(_))).collect();
    assert!(gaps.is_empty(), "after {elapsed:?}: {gaps:#?}");
}
