//! The catalog witness: every definition, normalised.
//!
//! Each class of objects has a query under `sql/engine/witness/catalog/`. What a query does not name of a
//! catalog's row it adds as it is (`to_jsonb(row) - '{…}'`), so that a column which a later
//! PostgreSQL version brings is seen before anybody has thought of it; `tests/src/catalog.rs` holds
//! the queries against the server's own list of catalogs and columns.

use std::collections::BTreeMap;
use std::ops::Range;

use clonegate_model::{CatalogObject, Coverage, Covered, Reading, Snapshot, Witness};
use futures_util::future::join;
use serde::Deserialize;

use crate::aside;
use crate::attributes::Answered;
use crate::reader::{Reader, Unread};
use crate::rows::{SHAPE, packed, packed_objects, unpack, unpack_objects};

/// How much there is to list, and what this role may not see of it.
const PLAN: &str = include_str!("../../../sql/engine/witness/catalog/plan.sql");

/// Objects that one statement lists at the most. 15,000 columns take an eighth of a second of one core and 3 MB
/// of memory here; the bound on rows would let thirteen times as many through.
const PAGE: u64 = 15_000;

/// A class with so many objects at the most shares its statement with others.
const SMALL: u64 = 500;

/// Bytes of the queries that share a statement: a channel's judge reads 32 KiB and 4,000 signs.
const GROUP_BYTES: usize = 12 * 1024;

macro_rules! query {
    ($name:literal) => {
        include_str!(concat!("../../../sql/engine/witness/catalog/", $name, ".sql"))
    };
}

/// A class of objects.
struct Class {
    name: &'static str,
    sql: &'static str,
    /// How many objects there are, where there may be too many for one answer.
    size: fn(&Plan) -> u64,
    /// Whether their attributes are an array, of names and values by turns.
    in_arrays: bool,
    asked: Asked,
    kept: Kept,
}

/// Where the server keeps a class of objects.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// In rows of its catalogs, and nowhere else: where no transaction completed, they are as they were.
    InRows,
    /// Also in files or in memory, which are written without a transaction.
    Elsewhere,
}

/// Where a class is asked for.
#[derive(Clone, Copy)]
enum Asked {
    Always,
    /// By every server that has the catalog.
    Since(u64),
    /// Where this role may read it.
    IfReadable(fn(&Plan) -> Hidden),
}

/// Whether this role sees something, and what follows where it doesn't.
enum Hidden {
    No,
    /// There is nothing that could be hidden, or what is hidden has no effect yet.
    Harmless(&'static str),
    Gap(String),
}

const fn class(name: &'static str, sql: &'static str) -> Class {
    Class { name, sql, size: |_| 0, in_arrays: false, asked: Asked::Always, kept: Kept::InRows }
}

const fn sized(name: &'static str, sql: &'static str, size: fn(&Plan) -> u64) -> Class {
    Class { name, sql, size, in_arrays: false, asked: Asked::Always, kept: Kept::InRows }
}

const fn in_arrays(name: &'static str, sql: &'static str, size: fn(&Plan) -> u64) -> Class {
    Class { in_arrays: true, ..sized(name, sql, size) }
}

const fn since(version: u64, name: &'static str, sql: &'static str) -> Class {
    Class { asked: Asked::Since(version), ..class(name, sql) }
}

const fn if_readable(name: &'static str, sql: &'static str, hidden: fn(&Plan) -> Hidden) -> Class {
    Class { asked: Asked::IfReadable(hidden), ..class(name, sql) }
}

impl Class {
    const fn elsewhere(self) -> Self {
        Self { kept: Kept::Elsewhere, ..self }
    }
}

const CLASSES: &[Class] = &[
    class("schema", query!("schema")),
    in_arrays("relation", query!("relation"), |p| p.relations),
    // A column is listed in half the time of the others.
    in_arrays("column", query!("column"), |p| p.columns / 2),
    in_arrays("constraint", query!("constraint"), |p| p.constraints),
    in_arrays("index", query!("index"), |p| p.indexes),
    sized("trigger", query!("trigger"), |p| p.triggers),
    class("rule", query!("rule")),
    class("policy", query!("policy")),
    sized("function", query!("function"), |p| p.functions),
    class("type", query!("type")),
    class("operator", query!("operator")),
    class("operator class", query!("operator_class")),
    class("operator family", query!("operator_family")),
    class("operator family member", query!("operator_family_member")),
    class("access method", query!("access_method")),
    class("cast", query!("cast")),
    class("collation", query!("collation")),
    class("conversion", query!("conversion")),
    class("language", query!("language")),
    class("transform", query!("transform")),
    class("statistics", query!("statistics")),
    class("text search configuration", query!("text_search_configuration")),
    class("text search dictionary", query!("text_search_dictionary")),
    class("text search parser", query!("text_search_parser")),
    class("text search template", query!("text_search_template")),
    class("extension", query!("extension")),
    class("default privilege", query!("default_acl")),
    class("event trigger", query!("event_trigger")),
    class("publication", query!("publication")),
    class("published relation", query!("published_relation")),
    since(150_000, "published schema", query!("published_schema")),
    class("subscription", query!("subscription")),
    if_readable("subscription connection", query!("subscription_connection"), |p| {
        match p.subscriptions {
            _ if p.subscriptions_readable => Hidden::No,
            0 => Hidden::Harmless("there are no subscriptions"),
            n => Hidden::Gap(format!(
                "where {n} subscriptions connect to is not shown to this role; only a superuser may read it"
            )),
        }
    }),
    class("foreign data wrapper", query!("foreign_data_wrapper")),
    class("foreign server", query!("foreign_server")),
    class("user mapping", query!("user_mapping")),
    class("security label", query!("security_label")),
    sized("large object", query!("large_object"), |p| p.large_objects),
    class("role", query!("role")),
    class("membership", query!("membership")),
    class("database", query!("database")),
    class("other database", query!("other_database")),
    class("setting", query!("setting")),
    class("server setting", query!("server_setting")).elsewhere(),
    if_readable("file setting", query!("file_setting"), |p| {
        if p.files_readable {
            Hidden::No
        } else {
            Hidden::Harmless(
                "this role may not read pg_file_settings; what ALTER SYSTEM writes shows when the server takes it",
            )
        }
    })
    .elsewhere(),
    since(150_000, "parameter privilege", query!("parameter_acl")),
    class("tablespace", query!("tablespace")).elsewhere(),
    class("replication slot", query!("replication_slot")).elsewhere(),
    class("replication origin", query!("replication_origin")),
    class("system", query!("system")),
];

/// Lists every definition. What could not be listed is a gap. With an entry since which no transaction completed,
/// what stands in rows of the catalogs is entry's.
pub(crate) async fn read<R: Reader + Send>(
    reader: &mut R,
    untouched: Option<&Snapshot>,
    coverage: &mut Vec<Coverage>,
) -> Vec<CatalogObject> {
    let answer = reader.read(&[packed(PLAN)]).await.pop();
    let answer = answer.unwrap_or_else(|| Err(Unread::silent())).map_err(|e| e.reason);
    let plan = match answer.and_then(|reading| Plan::of(&reading)) {
        Ok(plan) => plan,
        Err(why) => {
            coverage
                .extend(CLASSES.iter().map(|class| cover(class.name, Covered::Gap(why.clone()))));
            return Vec::new();
        }
    };
    let as_at_entry = as_at_entry(untouched);
    let mut questions = plan.questions();
    questions.retain(|question| !as_at_entry.contains_key(question.class));
    let lists = ask(reader, &questions).await;
    fold(&plan, &questions, lists, as_at_entry, coverage)
}

/// Asks all questions, small ones several together: most of their time is the way there and back. One list for each,
/// in their order.
async fn ask<R: Reader + Send>(
    reader: &mut R,
    questions: &[Question],
) -> Vec<Result<Vec<CatalogObject>, String>> {
    let mut lists: Vec<Result<Vec<CatalogObject>, String>> =
        questions.iter().map(|_| Err(Unread::silent().reason)).collect();
    let mut alone = Vec::new();
    for (group, found) in ask_groups(reader, questions, &grouped(questions)).await {
        match found {
            Ok(found) => {
                for (list, found) in lists[group].iter_mut().zip(found) {
                    *list = Ok(found);
                }
            }
            Err(why) if group.len() == 1 => lists[group.start] = Err(why),
            // What can't be listed must not cover up the others of its group.
            Err(_) => alone.extend(group.map(|n| n..n + 1)),
        }
    }
    for (group, found) in ask_groups(reader, questions, &alone).await {
        lists[group.start] = found.map(|mut found| found.pop().unwrap_or_default());
    }
    lists
}

/// What a group of questions is answered with: a list for each of them.
type Answer = Result<Vec<Vec<CatalogObject>>, String>;

/// Asks the questions of each group in one statement. While the server answers some, the answers to those before are
/// taken apart; no more at a time than are asked together, for the answers of all would be the largest thing in memory.
async fn ask_groups<R: Reader + Send>(
    reader: &mut R,
    questions: &[Question],
    groups: &[Range<usize>],
) -> Vec<(Range<usize>, Answer)> {
    let mut found = Vec::with_capacity(groups.len());
    let mut before: Vec<(Range<usize>, Result<Reading, Unread>)> = Vec::new();
    let a_few = groups.chunks(reader.together()).map(Some);
    for groups in a_few.chain([None]) {
        let asking = async {
            let groups = groups.unwrap_or_default();
            let statements: Vec<String> =
                groups.iter().map(|group| together(&questions[group.clone()])).collect();
            if statements.is_empty() { Vec::new() } else { reader.read(&statements).await }
        };
        let taking_apart = async {
            for (group, answer) in std::mem::take(&mut before) {
                found.push((group.clone(), take_apart(&questions[group], answer).await));
            }
        };
        let (answers, ()) = join(asking, taking_apart).await;
        let answers = answers.into_iter().chain(std::iter::repeat_with(|| Err(Unread::silent())));
        before = groups.unwrap_or_default().iter().cloned().zip(answers).collect();
    }
    found
}

/// Which questions share a statement: neighbours that are small, as far as the text may be long.
fn grouped(questions: &[Question]) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    let mut length = 0;
    for (n, question) in questions.iter().enumerate() {
        let shares = n > 0 && question.is_small && questions[n - 1].is_small;
        length += question.sql.len();
        match groups.last_mut() {
            Some(group) if shares && length <= GROUP_BYTES => group.end = n + 1,
            _ => {
                groups.push(n..n + 1);
                length = question.sql.len();
            }
        }
    }
    groups
}

/// One statement that asks all of these. What is asked alone, and may be much, has no number to be written as well.
fn together(questions: &[Question]) -> String {
    if let [question] = questions {
        let pack = if question.in_arrays { packed_objects } else { packed };
        return pack(&question.sql);
    }
    let parts: Vec<String> = questions
        .iter()
        .enumerate()
        .map(|(n, question)| {
            let sql = question.sql.trim_end();
            format!("select {n} as asked, pg_catalog.row_to_json(q) as row from ({sql}\n) as q")
        })
        .collect();
    packed(&parts.join("\nunion all\n"))
}

/// The answer to such a statement: a list for each of its questions.
async fn take_apart(questions: &[Question], answer: Result<Reading, Unread>) -> Answer {
    let reading = answer.map_err(|e| e.reason)?;
    let classes: Vec<&'static str> = questions.iter().map(|question| question.class).collect();
    let in_arrays = matches!(questions, [question] if question.in_arrays);
    aside::read(reading, move |reading| match (classes.as_slice(), in_arrays) {
        ([class], true) => Ok(vec![objects(class, reading)?]),
        (classes, _) => listed(classes, reading),
    })
    .await
}

/// The objects of an answer in arrays.
fn objects(class: &str, reading: &Reading) -> Result<Vec<CatalogObject>, String> {
    let (objects, more) = unpack_objects::<Row>(reading)?;
    let object = |(identity, attributes): (String, _)| CatalogObject {
        class: class.to_owned(),
        identity,
        attributes,
    };
    let mut objects: Vec<CatalogObject> = objects.into_iter().map(object).collect();
    // What is in order already is sorted quickly when all lists are put together, too.
    objects.sort();
    for row in more {
        let Row { identity, attributes: Answered(more), .. } = row;
        let place = objects.binary_search_by(|object| object.identity.cmp(&identity));
        let place = place.map_err(|_| SHAPE)?;
        for (name, value) in more.iter() {
            objects[place].attributes.insert(name, value);
        }
    }
    Ok(objects)
}

fn listed(classes: &[&'static str], reading: &Reading) -> Answer {
    if let [class] = classes {
        let rows: Vec<Row> = unpack(reading)?;
        return Ok(vec![rows.into_iter().map(|row| row.into_object(class)).collect()]);
    }
    let mut lists: Vec<Vec<CatalogObject>> = vec![Vec::new(); classes.len()];
    for Listed { asked, row } in unpack(reading)? {
        let list = lists.get_mut(asked).ok_or(SHAPE)?;
        list.push(row.into_object(classes[asked]));
    }
    Ok(lists)
}

/// The classes of which entry listed everything, and that only a transaction changes.
fn as_at_entry(untouched: Option<&Snapshot>) -> BTreeMap<&'static str, Vec<CatalogObject>> {
    let Some(entry) = untouched else { return BTreeMap::new() };
    let is_whole = |class: &Class| {
        let subject = subject(class.name);
        let mut lines = entry.coverage.iter().filter(|c| c.subject == subject);
        class.kept == Kept::InRows && lines.any(|c| matches!(c.covered, Covered::Yes(_)))
    };
    let mut classes: BTreeMap<&str, Vec<CatalogObject>> =
        CLASSES.iter().filter(|class| is_whole(class)).map(|c| (c.name, Vec::new())).collect();
    for object in &entry.catalog {
        if let Some(objects) = classes.get_mut(object.class.as_str()) {
            objects.push(object.clone());
        }
    }
    classes
}

fn subject(class: &str) -> String {
    format!("catalog {class}")
}

fn cover(class: &str, covered: Covered) -> Coverage {
    Coverage { subject: subject(class), witness: Witness::Catalog, covered }
}

/// How much there is to list, and what this role may not see of it.
#[derive(Debug, Deserialize)]
struct Plan {
    version: u64,
    relations: u64,
    columns: u64,
    indexes: u64,
    constraints: u64,
    triggers: u64,
    functions: u64,
    large_objects: u64,
    subscriptions: u64,
    bare_mappings: u64,
    subscriptions_readable: bool,
    superuser: bool,
    settings_readable: bool,
    files_readable: bool,
}

impl Plan {
    fn of(reading: &Reading) -> Result<Self, String> {
        let mut rows: Vec<Self> = unpack(reading)?;
        rows.pop().ok_or_else(|| "the answer has no row".to_owned())
    }

    /// What is to be asked, each question with the class whose objects it lists.
    fn questions(&self) -> Vec<Question> {
        let mut questions = Vec::new();
        for class in CLASSES {
            let asked = match class.asked {
                Asked::Always => true,
                Asked::Since(version) => self.version >= version,
                Asked::IfReadable(hidden) => matches!(hidden(self), Hidden::No),
            };
            let size = (class.size)(self);
            // A part is what a hash falls to, which stands in a CASE: of that the planner expects every second row. Of
            // the comparison itself it would expect one in 200, and look up row by row what belongs to each.
            let pages = size.div_ceil(PAGE).max(1);
            questions.extend((0..if asked { pages } else { 0 }).map(|page| {
                let sql = class.sql.replace("{pages}", &pages.to_string());
                let sql = sql.replace("{page}", &page.to_string());
                let is_small = size <= SMALL;
                Question {
                    class: class.name,
                    sql,
                    is_small,
                    in_arrays: class.in_arrays && !is_small,
                }
            }));
        }
        questions
    }

    /// What a reader of the manifest should know of a class that was listed.
    fn remark(&self, class: &str) -> &'static str {
        match class {
            "role" => "; passwords are never read",
            "server setting" if !self.settings_readable => {
                "; those that only pg_read_all_settings shows are left out"
            }
            _ => "",
        }
    }
}

/// A query and the class whose objects, or a part of them, it lists.
struct Question {
    class: &'static str,
    sql: String,
    is_small: bool,
    /// Whether it is answered with arrays.
    in_arrays: bool,
}

/// Puts the lists together. A class of which a part failed is a gap as a whole.
fn fold(
    plan: &Plan,
    questions: &[Question],
    lists: impl IntoIterator<Item = Result<Vec<CatalogObject>, String>>,
    mut as_at_entry: BTreeMap<&str, Vec<CatalogObject>>,
    coverage: &mut Vec<Coverage>,
) -> Vec<CatalogObject> {
    let mut objects = Vec::new();
    let mut listed: BTreeMap<&str, Result<usize, String>> = BTreeMap::new();
    let mut lists = lists.into_iter();
    for Question { class, .. } in questions {
        let list = lists.next().unwrap_or_else(|| Err(Unread::silent().reason));
        let state = listed.entry(class).or_insert(Ok(0));
        match (state.as_mut(), list) {
            (Ok(count), Ok(list)) => {
                *count += list.len();
                objects.extend(list);
            }
            (Ok(_), Err(why)) => *state = Err(why),
            (Err(_), _) => {}
        }
    }
    let mut note = |class: &str, covered: Covered| coverage.push(cover(class, covered));
    for class in CLASSES {
        let name = class.name;
        if let Some(mut unchanged) = as_at_entry.remove(name) {
            let text = format!(
                "{} objects as at entry: no transaction completed in the server since{}",
                unchanged.len(),
                plan.remark(name)
            );
            note(name, Covered::Yes(text));
            objects.append(&mut unchanged);
            continue;
        }
        match (listed.remove(name), class.asked) {
            (Some(Ok(count)), _) => {
                note(name, Covered::Yes(format!("{count} objects{}", plan.remark(name))));
            }
            (Some(Err(why)), _) => {
                objects.retain(|o: &CatalogObject| o.class != name);
                note(name, Covered::Gap(why));
            }
            (None, Asked::IfReadable(hidden)) => match hidden(plan) {
                Hidden::Gap(why) => note(name, Covered::Gap(why)),
                Hidden::Harmless(why) => note(name, Covered::NotNeeded(why.to_owned())),
                Hidden::No => note(name, Covered::Gap("it was not asked for".to_owned())),
            },
            (None, _) => {
                let why = "this version of PostgreSQL has no such objects";
                note(name, Covered::NotNeeded(why.to_owned()));
            }
        }
    }
    if plan.bare_mappings > 0 && !plan.superuser {
        let why = format!(
            "the options of {} user mappings are not shown to this role; only a superuser sees them all",
            plan.bare_mappings
        );
        note("options of user mappings", Covered::Gap(why));
    }
    objects.sort();
    objects
}

/// A row of a statement: to which of its questions it belongs, and the row.
#[derive(Debug, Deserialize)]
struct Listed {
    asked: usize,
    row: Row,
}

/// A row of such a query.
#[derive(Debug, Deserialize)]
struct Row {
    identity: String,
    attributes: Answered,
    /// What a later version's catalog has besides, where the query looks for that apart.
    #[serde(default)]
    more: Option<Answered>,
}

impl Row {
    fn into_object(self, class: &str) -> CatalogObject {
        let Self { identity, attributes: Answered(mut attributes), more } = self;
        for (name, value) in more.iter().flat_map(|Answered(more)| more.iter()) {
            attributes.insert(name, value);
        }
        CatalogObject { class: class.to_owned(), identity, attributes }
    }
}

#[cfg(test)]
mod tests {
    use clonegate_model::Value;
    use futures_util::FutureExt as _;

    use super::*;

    fn plan() -> Plan {
        Plan {
            version: 140_000,
            relations: 10,
            columns: 150_000,
            indexes: 10,
            constraints: 1,
            triggers: 0,
            functions: 0,
            large_objects: 0,
            subscriptions: 1,
            bare_mappings: 2,
            subscriptions_readable: false,
            superuser: false,
            settings_readable: false,
            files_readable: false,
        }
    }

    /// An answer with one object for each question of a statement.
    fn answer(identities: &[&str]) -> Reading {
        let object =
            |i: &str| format!(r#"{{"identity":"{i}","attributes":{{"owner":"app","kind":null}}}}"#);
        let rows: Vec<String> = match identities {
            [alone] => vec![object(alone)],
            _ => identities
                .iter()
                .enumerate()
                .map(|(n, i)| format!(r#"{{"asked":{n},"row":{}}}"#, object(i)))
                .collect(),
        };
        Reading {
            columns: vec!["batch".into()],
            rows: vec![vec![Value::Text(format!("[{}]", rows.join(",")))]],
            truncated: false,
        }
    }

    fn arrays(count: &str, objects: &str, more: &str) -> Reading {
        let texts = [count, objects, more];
        let rows = vec![texts.map(|text| Value::Text(text.to_owned())).to_vec()];
        let columns = ["listed", "objects", "more"].map(str::to_owned).to_vec();
        Reading { columns, rows, truncated: false }
    }

    #[test]
    fn what_a_later_version_has_belongs_to_an_object_that_is_listed() {
        let more =
            |identity| format!(r#"[{{"identity":"{identity}","attributes":{{"later":"x"}}}}]"#);
        let listed =
            |identity| objects("relation", &arrays("2", "{b,kind,table}{a}", &more(identity)));
        let found = listed("b").unwrap();
        assert_eq!((found[0].identity.as_str(), found[1].identity.as_str()), ("a", "b"));
        assert_eq!(found[1].attributes, [("kind", "table"), ("later", "x")].into_iter().collect());
        assert!(listed("c").is_err());
    }

    fn gaps(coverage: &[Coverage]) -> Vec<&str> {
        let gaps = coverage.iter().filter(|c| matches!(c.covered, Covered::Gap(_)));
        gaps.map(|c| c.subject.as_str()).collect()
    }

    #[test]
    fn what_is_large_is_asked_in_parts_and_what_a_version_lacks_is_not_asked() {
        let questions = plan().questions();
        let columns: Vec<&str> =
            questions.iter().filter(|q| q.class == "column").map(|q| q.sql.as_str()).collect();
        assert_eq!(columns.len(), 5);
        assert!(columns[0].contains("% 5 = 0") && columns[4].contains("% 5 = 4"));
        assert!(questions.iter().all(|q| !q.sql.contains("{page")));
        assert!(questions.iter().all(|q| q.class != "published schema"));
    }

    #[test]
    fn a_class_of_which_a_part_failed_is_a_gap_as_a_whole() {
        let questions = plan().questions();
        let mut columns = 0;
        let answers = questions.iter().map(|q| {
            columns += usize::from(q.class == "column");
            if q.class == "column" && columns == 2 {
                Err("time-out".to_owned())
            } else {
                listed(&[q.class], &answer(&[q.class])).map(|mut lists| lists.remove(0))
            }
        });
        let mut coverage = Vec::new();
        let objects = fold(&plan(), &questions, answers, BTreeMap::new(), &mut coverage);
        assert!(objects.iter().all(|o| o.class != "column"), "a part would look like what is gone");
        assert_eq!(
            gaps(&coverage),
            [
                "catalog column",
                "catalog subscription connection",
                "catalog options of user mappings"
            ]
        );
        assert_eq!(objects[0].attributes, [("owner", "app")].into_iter().collect());
    }

    #[test]
    fn small_classes_share_a_statement_and_what_fails_together_is_asked_alone() {
        /// Refuses what asks for languages.
        struct Fake(Vec<String>);
        impl Reader for Fake {
            async fn read(&mut self, statements: &[String]) -> Vec<Result<Reading, Unread>> {
                self.0.extend_from_slice(statements);
                let one = |sql: &String| {
                    if sql.contains("from pg_catalog.pg_language as o") {
                        return Err(Unread::refused("no"));
                    }
                    if sql.contains("pg_catalog.array_prepend(") {
                        return Ok(arrays(
                            "1",
                            "{object,kind,table}",
                            r#"[{"identity":"object","attributes":{"later":1}}]"#,
                        ));
                    }
                    let parts = sql.matches(" as asked, pg_catalog.row_to_json(q)").count();
                    let names: Vec<String> =
                        (0..parts.max(1)).map(|n| format!("object {n}")).collect();
                    Ok(answer(&names.iter().map(String::as_str).collect::<Vec<_>>()))
                };
                statements.iter().map(one).collect()
            }
            async fn wait(&mut self, _: std::time::Duration) {}
        }
        let questions = plan().questions();
        let mut fake = Fake(Vec::new());
        let lists = ask(&mut fake, &questions).now_or_never().expect("nothing is waited for");
        for (question, list) in questions.iter().zip(&lists) {
            match question.class {
                "language" => assert_eq!(list.as_ref().unwrap_err(), "no"),
                class => assert_eq!(list.as_ref().unwrap()[0].class, class),
            }
        }
        let column = questions.iter().position(|question| question.class == "column").unwrap();
        let attributes = &lists[column].as_ref().unwrap()[0].attributes;
        assert_eq!(*attributes, [("kind", "table"), ("later", "1")].into_iter().collect());
        assert!(fake.0.len() < questions.len(), "{} for {}", fake.0.len(), questions.len());
        // Each is one that a channel lets through.
        for sql in &fake.0 {
            clonegate_sql::ReadOnlyStatement::judge(sql).unwrap();
        }
    }

    #[test]
    fn answers_that_are_missing_are_gaps() {
        let mut coverage = Vec::new();
        fold(&plan(), &plan().questions(), [], BTreeMap::new(), &mut coverage);
        assert_eq!(gaps(&coverage).len(), plan_classes_asked() + 2);
    }

    fn plan_classes_asked() -> usize {
        let mut names: Vec<&str> = plan().questions().iter().map(|q| q.class).collect();
        names.dedup();
        names.len()
    }
}
