//! What can be said of the rollback script before anything is committed: whether it drops what the build adds.

use clonegate_lint::{Source, coverage};
use clonegate_model::Assertion;
use clonegate_profile::{Profile, Script};
use clonegate_sql::ScriptPolicy;

/// Additions that the row names one by one.
const NAMED: usize = 5;

/// That the rollback script drops everything that the build adds, as far as the texts say. `None` where there
/// is no rollback script, which is another row's.
pub(crate) fn covered(profile: &Profile) -> Option<Assertion> {
    let build = &profile.build;
    let source = |script: &Script| Source { path: script.name.clone(), text: script.text.clone() };
    let rollback = build.rollback.as_ref()?;
    let scripts = build.scripts.iter().map(source).collect();
    let found = coverage(scripts, source(rollback), &ScriptPolicy::default());
    let (id, title, required) = (
        "preflight-coverage",
        "the rollback script drops everything that the build adds",
        "every addition, by name or with what it belongs to",
    );
    let mut actual =
        format!("{} of {} additions", found.additions - found.missing.len(), found.additions);
    if !found.unseen.is_empty() {
        actual.push_str(&format!(
            "; SQL that is put together at run time ({}) is for the rehearsal to try",
            found.unseen.join(", ")
        ));
    }
    // What a rollback script puts together at run time may drop the rest: only trying it shows that, and
    // the rehearsal does.
    let holds = if found.missing.is_empty() || found.rollback_unseen {
        Ok(())
    } else {
        let mut named: Vec<String> = found
            .missing
            .iter()
            .take(NAMED)
            .map(|m| format!("{} ({}, line {})", m.object, m.script, m.line))
            .collect();
        if found.missing.len() > NAMED {
            named.push(format!("and {} more", found.missing.len() - NAMED));
        }
        Err(format!("{} does not drop {}", rollback.name, named.join(", ")))
    };
    Some(Assertion::decide(id, title, required, actual, holds))
}
