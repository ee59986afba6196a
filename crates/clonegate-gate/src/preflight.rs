//! What can be said before anything is connected to.

use clonegate_model::{Assertion, Check};
use clonegate_probe::Accepted;
use clonegate_profile::{CloneTarget, ProductionTarget, Profile, Script};
use clonegate_sql::{GuardedScript, Permitted, ReadOnlyStatement};

use crate::{GateError, RefusedFile, accept};

/// A profile whose SQL was judged.
pub(crate) struct Prepared {
    pub(crate) scripts: Vec<GuardedScript>,
    /// `None` where the file is missing.
    pub(crate) rollback: Option<GuardedScript>,
    /// What the checks may use beyond what is known to be harmless everywhere.
    pub(crate) permitted: Permitted,
    /// That the channels are two and the plan is complete.
    pub(crate) assertions: Vec<Assertion>,
}

/// Whether what the profile says of its databases contradicts itself.
pub(crate) fn contradiction(
    production: &ProductionTarget,
    clone: Option<&CloneTarget>,
) -> Result<(), GateError> {
    let contradiction =
        |problem: String, hint: &str| Err(GateError::Profile { problem, hint: hint.to_owned() });
    if !production.allowlist.contains(&production.database) {
        return contradiction(
            format!("production's database {} is not on its allowlist", production.database),
            "add it to `allowlist`, if it is really the one to be read",
        );
    }
    if let Err(error) = Accepted::new(production.accept.iter().map(|(k, why)| (k, why.clone()))) {
        return contradiction(
            format!("[production.accept]: {error}"),
            "docs/roles.md lists what can be accepted",
        );
    }
    let Some(clone) = clone else { return Ok(()) };
    if production.allowlist.iter().any(|d| d == clone.database.as_database()) {
        return contradiction(
            format!("the clone {} is on production's allowlist", clone.database),
            "take it off: the production channel must not be able to see the clone",
        );
    }
    if let Some(database) =
        production.allowlist.iter().find(|d| clone.name_pattern.admit(d.as_str()).is_ok())
    {
        return contradiction(
            format!(
                "the clone name pattern {} also admits {database}, which is on production's allowlist",
                clone.name_pattern
            ),
            "make the pattern narrower",
        );
    }
    if production.role == clone.role {
        return contradiction(
            format!("both channels use the role {}", clone.role),
            "give each channel a role of its own: the clone's must be refused by production",
        );
    }
    Ok(())
}

pub(crate) fn prepare(profile: &Profile) -> Result<Prepared, GateError> {
    let production = &profile.production;
    let clone = &profile.clone;
    contradiction(production, Some(clone))?;

    if let Err(problem) = accept::check(&clone.accept) {
        return Err(GateError::Profile {
            problem: format!("[clone.accept]: {problem}"),
            hint: "docs/roles.md lists what can be accepted".to_owned(),
        });
    }

    let names = profile.permitted.clone();
    let permitted = match Permitted::new(names.functions, names.types) {
        Ok(permitted) => permitted,
        Err(error) => {
            return Err(GateError::Profile {
                problem: format!("[permitted]: {error}"),
                hint: "take the name out".to_owned(),
            });
        }
    };
    let mut refused = Vec::new();
    for check in production.checks.iter().chain(&clone.checks) {
        if let Err(refusal) = ReadOnlyStatement::judge_with(&check.sql, &permitted) {
            refused.push(RefusedFile {
                path: format!("{}.sql", check.id).into(),
                refusals: vec![refusal],
            });
        }
    }
    let mut judge = |script: &Script| match GuardedScript::judge(&script.name, &script.text) {
        Ok(guarded) => Some(guarded),
        Err(refusals) => {
            refused.push(RefusedFile { path: script.path.clone(), refusals });
            None
        }
    };
    let scripts: Vec<GuardedScript> = profile.build.scripts.iter().filter_map(&mut judge).collect();
    let rollback = profile.build.rollback.as_ref().and_then(&mut judge);
    if !refused.is_empty() {
        return Err(GateError::Refused(refused));
    }
    let assertions = assertions(profile, rollback.as_ref());
    Ok(Prepared { scripts, rollback, permitted, assertions })
}

fn assertions(profile: &Profile, rollback: Option<&GuardedScript>) -> Vec<Assertion> {
    let production = &profile.production;
    let clone = &profile.clone;
    let allowlist: Vec<&str> = production.allowlist.iter().map(|d| d.as_str()).collect();
    let path = profile.build.rollback_path.display();
    vec![
        Assertion::decide(
            "preflight-allowlist",
            "the production channel can't see the clone",
            format!("{} not on the allowlist", clone.database),
            format!("allowlist {}", allowlist.join(", ")),
            Ok(()),
        ),
        Assertion::decide(
            "preflight-name",
            "the clone's name is a clone's",
            format!("matches {}", clone.name_pattern),
            clone.database.to_string(),
            Ok(()),
        ),
        Assertion::decide(
            "preflight-roles",
            "each channel has a role of its own",
            "two roles",
            format!("{} and {}", production.role, clone.role),
            Ok(()),
        ),
        match rollback {
            Some(script) => Assertion::decide(
                "preflight-rollback",
                "the rollback script is there before the first commit",
                "yes",
                format!("{} ({}…)", script.name(), script.sha256().get(..12).unwrap_or_default()),
                Ok(()),
            ),
            None => Assertion::decide(
                "preflight-rollback",
                "the rollback script is there before the first commit",
                "yes",
                "missing",
                Err(format!("{path} is missing; write it before the build is run")),
            ),
        },
    ]
}

/// The check's statement; it was judged in [`prepare`].
pub(crate) fn statement(check: &Check, permitted: &Permitted) -> Result<ReadOnlyStatement, String> {
    ReadOnlyStatement::judge_with(&check.sql, permitted).map_err(|refusal| refusal.to_string())
}
