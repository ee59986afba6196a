//! Whether a rollback script takes back what the scripts add, as far as their texts say.

use std::collections::BTreeSet;

use clonegate_sql::{Rule, ScriptPolicy, ScriptRule};

use crate::set::{Dropped, follow};
use crate::{Read, Source, read};

/// What the scripts of a build add, held against what its rollback script drops.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// How many objects the scripts add.
    pub additions: usize,
    /// Those that the rollback script does not drop by name, with a schema, or with what they belong to.
    pub missing: Vec<NotDropped>,
    /// The files that have SQL which is put together at run time: what it adds or drops is not in their
    /// texts.
    pub unseen: Vec<String>,
    /// Whether the rollback script is one of them.
    pub rollback_unseen: bool,
}

/// An addition that nothing drops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotDropped {
    /// What it is, as one writes it after DROP.
    pub object: String,
    /// The script that adds it.
    pub script: String,
    /// Where, counted from 1.
    pub line: usize,
}

/// Holds the scripts, in the order in which they are run, against the rollback script.
#[must_use]
pub fn coverage(scripts: Vec<Source>, rollback: Source, policy: &ScriptPolicy) -> Coverage {
    let mut scripts: Vec<Read> = scripts.into_iter().map(|s| read(s, policy)).collect();
    let undo = read(rollback, policy);
    let paths: Vec<String> = scripts.iter().map(|s| s.linted.source.path.clone()).collect();
    let dynamic = |file: &Read| {
        file.linted.entries.iter().any(|e| e.rule == Rule::Script(ScriptRule::DynamicSql))
    };
    let unseen: Vec<String> = scripts
        .iter()
        .chain([&undo])
        .filter(|file| dynamic(file))
        .map(|file| file.linted.source.path.clone())
        .collect();
    let made = follow(&mut scripts, &BTreeSet::new());
    let dropped = Dropped::by(&undo.deeds, &made);
    let missing = made.iter().filter(|thing| !dropped.covers(thing)).map(|thing| NotDropped {
        object: thing.object.to_string(),
        script: paths[thing.script].clone(),
        line: thing.deed.line,
    });
    Coverage {
        additions: made.iter().count(),
        missing: missing.collect(),
        rollback_unseen: dynamic(&undo),
        unseen,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(script: &str, rollback: &str) -> Coverage {
        let source = |path: &str, text: &str| Source { path: path.into(), text: text.into() };
        coverage(vec![source("a.sql", script)], source("z.sql", rollback), &ScriptPolicy::default())
    }

    #[test]
    fn what_is_not_dropped_is_named_with_its_place() {
        let script = "create table t (i int);\ncreate index left_behind on t2 (i);";
        let found = of(script, "drop table t;");
        assert_eq!(found.additions, 2);
        let [missing] = found.missing.as_slice() else { panic!("{found:?}") };
        assert_eq!((missing.object.as_str(), missing.line), ("index public.left_behind", 2));
        assert!(of(script, "drop table t; drop index left_behind;").missing.is_empty());
    }

    #[test]
    fn sql_that_is_put_together_at_run_time_is_said_to_be_unseen() {
        let dynamic = "do $$ begin execute 'drop table ' || 't'; end $$;";
        let found = of("create table t (i int);", dynamic);
        assert_eq!((found.missing.len(), found.rollback_unseen), (1, true));
        assert_eq!(found.unseen, ["z.sql"]);
        let found = of(dynamic, "select 1;");
        assert_eq!((found.rollback_unseen, found.unseen), (false, vec!["a.sql".to_owned()]));
    }
}
