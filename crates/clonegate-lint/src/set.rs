//! What only shows in the set: what the scripts make, touch, mark and take back.

use std::collections::{BTreeSet, HashMap};

use clonegate_sql::{
    Act, Class, Creation, Deed, Existing, Object, QualifiedName, Rule, ScriptRule, Severity,
};

use crate::{Entry, Read};

/// The rollback script, judged.
pub(crate) enum Undo {
    /// Nobody asked for one.
    NotAsked,
    /// It was looked for here.
    Missing(String),
    /// This one.
    By(Box<Read>),
}

/// Something that a script made.
pub(crate) struct Made {
    pub(crate) object: Object,
    creation: Creation,
    /// Which script made it, and where.
    pub(crate) script: usize,
    pub(crate) deed: Deed,
    marked: Option<String>,
}

/// What the scripts made, found by name: a dump has tens of thousands of objects.
#[derive(Default)]
pub(crate) struct AllMade {
    /// In the order of the scripts; `None` where it was dropped again.
    things: Vec<Option<Made>>,
    by_name: HashMap<(Class, String), Vec<usize>>,
    /// What belongs to a relation.
    by_relation: HashMap<QualifiedName, Vec<usize>>,
}

impl AllMade {
    fn push(&mut self, made: Made) {
        let at = self.things.len();
        let object = &made.object;
        self.by_name.entry((object.class, object.name.name.clone())).or_default().push(at);
        if let Some(on) = &object.on {
            self.by_relation.entry(on.clone()).or_default().push(at);
        }
        self.things.push(Some(made));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Made> {
        self.things.iter().flatten()
    }

    fn position(&self, object: &Object) -> Option<usize> {
        let named = self.by_name.get(&(object.class, object.name.name.clone()))?;
        let is =
            |at: &&usize| self.things[**at].as_ref().is_some_and(|thing| thing.object.is(object));
        named.iter().find(is).copied()
    }

    fn has(&self, object: &Object) -> bool {
        self.position(object).is_some()
    }

    fn get_mut(&mut self, object: &Object) -> Option<&mut Made> {
        let at = self.position(object)?;
        self.things[at].as_mut()
    }

    fn has_relation(&self, name: &QualifiedName) -> bool {
        let named = self.by_name.get(&(Class::Relation, name.name.clone()));
        named
            .into_iter()
            .flatten()
            .any(|at| self.things[*at].as_ref().is_some_and(|thing| thing.object.name == *name))
    }

    /// Forgets an object, and what belongs to it.
    fn drop(&mut self, object: &Object) {
        while let Some(at) = self.position(object) {
            self.things[at] = None;
        }
        for at in self.by_relation.remove(&object.name).unwrap_or_default() {
            self.things[at] = None;
        }
    }

    fn rename(&mut self, object: &Object, to: &QualifiedName) {
        let Some(at) = self.position(object) else { return };
        let Some(thing) = self.things[at].as_mut() else { return };
        let from = std::mem::replace(&mut thing.object.name, to.clone());
        self.by_name.entry((object.class, to.name.clone())).or_default().push(at);
        let parts = self.by_relation.remove(&from).unwrap_or_default();
        for part in &parts {
            if let Some(part) = self.things[*part].as_mut() {
                part.object.on = Some(to.clone());
            }
        }
        self.by_relation.entry(to.clone()).or_default().extend(parts);
    }
}

/// Adds to each file what is said about it as a part of the set.
pub(crate) fn compare(
    scripts: &mut [Read],
    undo: &mut Undo,
    marker: Option<&str>,
    organic: &BTreeSet<String>,
) {
    let made = follow(scripts, organic);
    if let Some(marker) = marker {
        for thing in made.iter() {
            if let Some(problem) = unmarked(thing, marker) {
                let hint = format!("COMMENT ON {} IS '{marker} …'", thing.object);
                add(
                    &mut scripts[thing.script],
                    ScriptRule::MissingMarker,
                    &thing.deed,
                    problem,
                    hint,
                );
            }
        }
    }
    match undo {
        Undo::NotAsked => {}
        Undo::Missing(path) => {
            if let Some(first) = scripts.first_mut() {
                first.linted.entries.push(Entry {
                    rule: Rule::Script(ScriptRule::MissingRollback),
                    severity: ScriptRule::MissingRollback.severity(),
                    range: 0..0,
                    line: 1,
                    column: 1,
                    problem: format!("there is no rollback script at {path}"),
                    hint: "write it before the build is run".to_owned(),
                });
            }
        }
        Undo::By(undo) => {
            let dropped = Dropped::by(&undo.deeds, &made);
            for thing in made.iter().filter(|thing| !dropped.covers(thing)) {
                let problem = format!("the rollback script does not drop {}", thing.object);
                let mut hint = format!("DROP {} in {}", thing.object, undo.linted.source.path);
                let unseen = undo
                    .linted
                    .entries
                    .iter()
                    .any(|e| e.rule == Rule::Script(ScriptRule::DynamicSql));
                if unseen {
                    hint.push_str(
                        "; it has SQL that is put together at run time, which may do so unseen",
                    );
                }
                add(
                    &mut scripts[thing.script],
                    ScriptRule::MissingRollback,
                    &thing.deed,
                    problem,
                    hint,
                );
            }
            foreign(undo, &made, organic);
        }
    }
}

/// Reads the scripts in their order: what they make, and what they do to what they did not make.
pub(crate) fn follow(scripts: &mut [Read], organic: &BTreeSet<String>) -> AllMade {
    let mut made = AllMade::default();
    for (n, script) in scripts.iter_mut().enumerate() {
        for deed in std::mem::take(&mut script.deeds) {
            match &deed.act {
                Act::Create(creation) => {
                    let known = made.has(&deed.object);
                    let rule = match creation.existing {
                        Existing::Replaced => Some(ScriptRule::MayReplace),
                        Existing::Kept => Some(ScriptRule::MayKeep),
                        Existing::Fails => None,
                    };
                    if let (Some(rule), false) = (rule, known) {
                        let does = match creation.existing {
                            Existing::Replaced => "replaces",
                            _ => "keeps",
                        };
                        let problem = format!("this {does} {} if it is there already", deed.object);
                        add(script, rule, &deed, problem, rule.instead().to_owned());
                    }
                    if !known {
                        made.push(Made {
                            object: deed.object.clone(),
                            creation: creation.clone(),
                            script: n,
                            marked: None,
                            deed,
                        });
                    }
                }
                Act::Rename(to) => made.rename(&deed.object, to),
                Act::Drop { .. } if made.has(&deed.object) => made.drop(&deed.object),
                Act::Comment(text) => match made.get_mut(&deed.object) {
                    Some(thing) => thing.marked.clone_from(text),
                    None => touched(script, &deed, "COMMENT ON", &made, organic),
                },
                Act::Drop { .. } => touched(script, &deed, "DROP", &made, organic),
                Act::Touch(how) => touched(script, &deed, how, &made, organic),
            }
        }
    }
    made
}

/// What the rollback script does to what the scripts did not make.
fn foreign(undo: &mut Read, made: &AllMade, organic: &BTreeSet<String>) {
    for deed in std::mem::take(&mut undo.deeds) {
        match &deed.act {
            Act::Drop { .. } => touched(undo, &deed, "DROP", made, organic),
            Act::Touch(how) => touched(undo, &deed, how, made, organic),
            Act::Comment(_) => touched(undo, &deed, "COMMENT ON", made, organic),
            Act::Create(_) | Act::Rename(_) => {}
        }
    }
}

fn touched(script: &mut Read, deed: &Deed, how: &str, made: &AllMade, organic: &BTreeSet<String>) {
    let object = &deed.object;
    let written = matches!(how, "INSERT" | "UPDATE" | "DELETE" | "MERGE" | "TRUNCATE" | "COPY");
    if own(object, made) || (written && organic.contains(&object.name.to_string())) {
        return;
    }
    let problem = match how {
        "REFERENCES" => format!(
            "a foreign key to {object} puts triggers on it, and no script of the set made it"
        ),
        "PARTITION OF" | "INHERITS" | "INHERIT" | "ATTACH PARTITION" => {
            format!("{how} ties a child to {object}, which no script of the set made")
        }
        _ => format!("{how} touches {object}, which no script of the set made"),
    };
    let rule = ScriptRule::TouchesExisting;
    add(script, rule, deed, problem, rule.instead().to_owned());
}

/// Whether something is the scripts' own, or goes with what is.
fn own(object: &Object, made: &AllMade) -> bool {
    let constraint_of_own = || {
        // An index of a constraint has its table's name in front.
        let name = &object.name.name;
        name.match_indices('_').any(|(at, _)| {
            let table = name[..at].to_owned();
            made.has_relation(&QualifiedName { schema: object.name.schema.clone(), name: table })
        })
    };
    made.has(object)
        || object.on.as_ref().is_some_and(|on| made.has_relation(on))
        || (object.class == Class::Index && constraint_of_own())
        // A table is a type as well.
        || (object.class == Class::Type && made.has_relation(&object.name))
}

/// Why something new is not explained by the marker.
fn unmarked(thing: &Made, marker: &str) -> Option<String> {
    if thing.creation.temporary || thing.creation.implied || thing.object.on.is_some() {
        return None;
    }
    let object = &thing.object;
    match object.class {
        Class::Relation | Class::Function | Class::Type | Class::Schema => match &thing.marked {
            Some(comment) if comment.contains(marker) => None,
            Some(_) => Some(format!("the comment on {object} does not contain {marker}")),
            None => Some(format!("{object} has no comment with {marker}")),
        },
        Class::Extension | Class::Other => {
            Some(format!("{object} is new, and a comment can't explain it"))
        }
        _ => None,
    }
}

/// What a rollback script drops.
pub(crate) struct Dropped<'a> {
    direct: HashMap<(Class, &'a str), Vec<&'a Object>>,
    /// Schemas that go with everything in them.
    schemas: BTreeSet<&'a str>,
    /// Relations that are gone, by themselves or with others.
    relations: BTreeSet<QualifiedName>,
}

impl<'a> Dropped<'a> {
    pub(crate) fn by(deeds: &'a [Deed], made: &AllMade) -> Self {
        let drops = || {
            deeds.iter().filter_map(|deed| match deed.act {
                Act::Drop { cascade } => Some((&deed.object, cascade)),
                _ => None,
            })
        };
        let mut direct: HashMap<(Class, &str), Vec<&Object>> = HashMap::new();
        for (object, _) in drops() {
            direct.entry((object.class, &object.name.name)).or_default().push(object);
        }
        let schemas = drops()
            .filter(|(object, cascade)| object.class == Class::Schema && *cascade)
            .map(|(object, _)| object.name.name.as_str())
            .collect();
        let of_relations = |wanted: bool| {
            drops()
                .filter(move |(object, cascade)| {
                    object.class == Class::Relation && (*cascade || !wanted)
                })
                .map(|(object, _)| object.name.clone())
        };
        let mut relations: BTreeSet<QualifiedName> = of_relations(false).collect();
        let mut cascading: BTreeSet<QualifiedName> = of_relations(true).collect();
        // What reads a relation that is dropped with CASCADE goes with it, and what reads that.
        loop {
            let before = cascading.len();
            for thing in made.iter().filter(|t| t.object.class == Class::Relation) {
                if thing.creation.reads.iter().any(|name| cascading.contains(name))
                    && !is_table(thing)
                {
                    cascading.insert(thing.object.name.clone());
                }
            }
            if cascading.len() == before {
                break;
            }
        }
        relations.append(&mut cascading);
        Self { direct, schemas, relations }
    }

    pub(crate) fn covers(&self, thing: &Made) -> bool {
        let Made { object, creation, .. } = thing;
        let named = self.direct.get(&(object.class, object.name.name.as_str()));
        creation.temporary
            || named.into_iter().flatten().any(|dropped| {
                dropped.is(object) && (object.class != Class::Other || dropped.kind == object.kind)
            })
            || self.schemas.contains(object.name.schema.as_str())
            || object.on.as_ref().is_some_and(|on| {
                self.relations.contains(on) || self.schemas.contains(on.schema.as_str())
            })
            || (object.class == Class::Relation && self.relations.contains(&object.name))
    }
}

/// CREATE TABLE AS reads once and depends on nothing.
fn is_table(thing: &Made) -> bool {
    thing.object.kind == "table"
}

fn add(script: &mut Read, rule: ScriptRule, deed: &Deed, problem: String, hint: String) {
    let severity: Severity = rule.severity();
    let entry = Entry {
        rule: Rule::Script(rule),
        severity,
        range: deed.range.clone(),
        line: deed.line,
        column: deed.column,
        problem,
        hint,
    };
    if !script.linted.entries.contains(&entry) {
        script.linted.entries.push(entry);
    }
}
