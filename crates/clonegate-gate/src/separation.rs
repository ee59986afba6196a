//! That the two channels can't cross: what the server's catalogs say, and what comes of trying.

use clonegate_clone::{CloneChannel, Door, Knock, NotLetIn};
use clonegate_model::{Assertion, Identity, Reading, Value, chain};
use clonegate_probe::{Attestation, Facts, ProductionChannel};
use clonegate_profile::Profile;
use clonegate_sql::{Permitted, ReadOnlyStatement};

use crate::accept::Beyond;
use crate::channels::read_all;
use crate::read::Terms;

const CLONE_ROLE: &str = include_str!("../../../sql/engine/gate/clone_role.sql");
const CLONE_POWERS: &str = include_str!("../../../sql/engine/gate/clone_powers.sql");

const CANT_WRITE: &str = "production's role can't write";

/// What the attestation says, as rows of the report: that the role is a reader, and each thing that the
/// profile accepts although it is more than reading.
pub(crate) fn attested(attestation: Result<&Attestation, &String>) -> Vec<Assertion> {
    let (id, required) = ("separate-read-role", "nothing but reading");
    let attestation = match attestation {
        Ok(attestation) => attestation,
        Err(why) => return vec![Assertion::not_established(id, CANT_WRITE, required, why.clone())],
    };
    let refusals: Vec<String> = attestation.refusals().map(ToString::to_string).collect();
    let accepted = attestation.accepted().count();
    let actual = match (refusals.is_empty(), accepted) {
        (true, 0) => "nothing else".to_owned(),
        (true, n) => format!("nothing else but {n} accepted by the profile"),
        (false, _) => refusals.join("; "),
    };
    let holds = if refusals.is_empty() {
        Ok(())
    } else {
        Err(format!("{} has {attestation}", attestation.role))
    };
    let mut rows = vec![Assertion::decide(id, CANT_WRITE, required, actual, holds)];
    rows.extend(attestation.accepted().map(|(finding, reason)| {
        Assertion::decide(
            &format!("accepted-{}", finding.kind),
            format!("production's role has more than reading: {}", finding.kind),
            "accepted by the profile",
            format!("{}; accepted: {reason}", finding.subject),
            Ok(()),
        )
    }));
    rows
}

/// That the databases are two, that production's role can't write, that the clone's role is refused by
/// production, and that it reaches nothing beyond the clone.
pub(crate) async fn rows(
    profile: &Profile,
    production: &ProductionChannel,
    attestation: Result<&Attestation, &String>,
    clone: &CloneChannel,
) -> Vec<Assertion> {
    let (p, c) = (production.identity(), clone.identity());
    let role = &profile.clone.role;
    let mut rows = vec![two_databases(p, c)];
    rows.extend(attested(attestation));
    let door = door(production, c);
    let powers = [CLONE_POWERS.to_owned()];
    let nothing = (Facts::none(), Permitted::nothing());
    let terms = Terms { facts: &nothing.0, permitted: &nothing.1 };
    let (connect, knock, powers) = tokio::join!(
        may_connect(production, role),
        clone.knock(&door),
        read_all(clone, &powers, terms)
    );
    rows.push(refused(role, p, &connect));
    // What a server says in another language is understood by the difference to a door that is open.
    let open = match &knock {
        Knock::Refused { why: NotLetIn::Other, .. } => {
            let own = Door { database: profile.clone.database.as_database().clone(), server: None };
            Some(clone.knock(&own).await)
        }
        _ => None,
    };
    rows.push(knocked(&Knocked { door: &door, knock: &knock, open: open.as_ref() }, p, &connect));
    let powers = powers.into_iter().next().unwrap_or_else(|| Err("there is no answer".to_owned()));
    rows.extend(beyond(profile, powers));
    rows
}

fn two_databases(p: &Identity, c: &Identity) -> Assertion {
    let topology = if one_server(p, c) { "one server" } else { "two servers" };
    Assertion::decide(
        "separate-databases",
        "production and clone are two databases",
        "two",
        format!(
            "{} (oid {}) and {} (oid {}), {topology}",
            p.database, p.database_oid, c.database, c.database_oid
        ),
        if p.is_same_database(c) {
            Err("both channels reached the same database".to_owned())
        } else {
            Ok(())
        },
    )
}

/// A physical copy has its original's identifier, and a postmaster of its own.
pub(crate) fn one_server(p: &Identity, c: &Identity) -> bool {
    p.system_identifier == c.system_identifier && p.postmaster_start == c.postmaster_start
}

/// Where production is, for the clone's psql.
fn door(production: &ProductionChannel, clone: &Identity) -> Door {
    let p = production.identity();
    let server = if one_server(p, clone) {
        None
    } else {
        let endpoint = production.describe().endpoint;
        endpoint.rsplit_once(':').and_then(|(host, port)| {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            Some((host.to_owned(), port.parse().ok()?))
        })
    };
    Door { database: p.database.clone(), server }
}

/// What production's catalogs say of the clone's role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Connect {
    /// It is not there.
    NoRole,
    /// It would be let in, or not.
    May(bool),
}

async fn may_connect(production: &ProductionChannel, role: &str) -> Result<Connect, String> {
    let literal = format!("'{}'", role.replace('\'', "''"));
    let text = CLONE_ROLE.replace("{clone_role}", &literal);
    let statement = ReadOnlyStatement::judge(&text).map_err(|refusal| refusal.to_string())?;
    let answer = production.read(&statement.of_the_program(), &Facts::none()).await;
    let reading = answer.map_err(|e| chain(&e))?.reading;
    let get = |column: &str| reading.single(column).cloned().unwrap_or(Value::Null);
    match (get("clone_role_exists"), get("clone_role_connects")) {
        (Value::Integer(0), _) => Ok(Connect::NoRole),
        (Value::Integer(_), Value::Bool(may)) => Ok(Connect::May(may)),
        _ => Err("the answer has an unexpected shape".to_owned()),
    }
}

fn refused(role: &str, p: &Identity, connect: &Result<Connect, String>) -> Assertion {
    let (id, title) = ("separate-clone-role", "the clone's role has no CONNECT on production");
    let decide = |actual, holds| Assertion::decide(id, title, "refused", actual, holds);
    match connect {
        Err(why) => Assertion::not_established(id, title, "refused", why.clone()),
        Ok(Connect::NoRole) => decide(format!("{role} does not exist there"), Ok(())),
        Ok(Connect::May(false)) => {
            decide(format!("{role} has no CONNECT on {}", p.database), Ok(()))
        }
        Ok(Connect::May(true)) => decide(
            format!("{role} may connect to {}", p.database),
            Err(format!(
                "{role} may connect to production: REVOKE CONNECT ON DATABASE {} FROM PUBLIC, {role}",
                p.database
            )),
        ),
    }
}

/// What came of knocking at production's door, and at an open one.
struct Knocked<'a> {
    door: &'a Door,
    knock: &'a Knock,
    open: Option<&'a Knock>,
}

/// That the clone's role was not let into production when it tried.
fn knocked(tried: &Knocked<'_>, p: &Identity, connect: &Result<Connect, String>) -> Assertion {
    let (id, title) = ("separate-clone-knock", "the clone's role tries to connect to production");
    let decide = |actual: String, holds| Assertion::decide(id, title, "refused", actual, holds);
    let unclear = |why: String| Assertion::not_established(id, title, "refused", why);
    let denied = matches!(connect, Ok(Connect::NoRole | Connect::May(false)));
    let far = tried.door.server.as_ref().map(|(host, port)| format!("{host}:{port}"));
    match (tried.knock, &far) {
        (Knock::LetIn(who), _) if who.is_same_database(p) => decide(
            format!("it was let into {}", p.database),
            Err(format!(
                "the clone's role connected to production: REVOKE CONNECT ON DATABASE {} FROM PUBLIC, and from it",
                p.database
            )),
        ),
        (Knock::LetIn(_), Some(far)) => {
            decide(format!("at {far} another server answers it, which is not production"), Ok(()))
        }
        (Knock::LetIn(who), None) => {
            unclear(format!("it came into {} and not there", who.database))
        }
        (Knock::Refused { why: NotLetIn::NoConnect | NotLetIn::NoEntry, said }, _) => {
            decide(format!("refused: {said}"), Ok(()))
        }
        // Another server does not know it, and its catalogs say the same.
        (
            Knock::Refused {
                why: NotLetIn::NoRole | NotLetIn::NotProven | NotLetIn::NoDatabase,
                said,
            },
            Some(far),
        ) if denied => decide(format!("refused at {far}: {said}"), Ok(())),
        (Knock::Refused { why: NotLetIn::Other, said }, None)
            if denied && matches!(tried.open, Some(Knock::LetIn(_))) =>
        {
            decide(format!("refused: {said}; and let into the clone right after"), Ok(()))
        }
        (Knock::Refused { why: NotLetIn::NotProven, said }, None) => unclear(format!(
            "it could not log in ({said}), so that CONNECT was not asked; give its passfile a line for {} too",
            p.database
        )),
        (Knock::Refused { said, .. }, _) => {
            unclear(format!("it was refused for a reason that is not CONNECT: {said}"))
        }
        (Knock::NoAnswer(_), Some(far)) => {
            decide(format!("from where its psql runs, nobody answers at {far}"), Ok(()))
        }
        (Knock::NoAnswer(why), None) => unclear(format!("nobody answered: {why}")),
        (Knock::NotTried(why), _) => unclear(why.clone()),
    }
}

/// That the clone's role reaches nothing beyond the clone, but for what the profile accepts.
fn beyond(profile: &Profile, powers: Result<Reading, String>) -> Vec<Assertion> {
    let (id, title) = ("separate-clone-powers", "the clone's role has no powers beyond the clone");
    let required = "none but those that the profile accepts";
    let reading = match powers {
        Ok(reading) => reading,
        Err(why) => return vec![Assertion::not_established(id, title, required, why)],
    };
    let has = |column: &str| match reading.single(column) {
        Some(Value::Bool(has)) => Some(*has),
        _ => None,
    };
    let asked = [
        (Some(Beyond::CreateDatabase), "create_database"),
        (Some(Beyond::CreateRole), "create_role"),
        (Some(Beyond::Replication), "replication"),
        (Some(Beyond::BypassRls), "bypass_rls"),
        // Nothing holds a superuser, so that the profile can't accept one.
        (None, "superuser"),
    ];
    let mut found: Vec<(Option<Beyond>, String)> = Vec::new();
    for (kind, column) in asked {
        match has(column) {
            Some(true) => {
                found.push((kind, kind.map_or("superuser", Beyond::name).to_owned()));
            }
            Some(false) => {}
            None => {
                let why = format!("the answer has no {column}");
                return vec![Assertion::not_established(id, title, required, why)];
            }
        }
    }
    match reading.single("server_roles") {
        Some(Value::Text(roles)) if roles.is_empty() => {}
        Some(Value::Text(roles)) => {
            found.push((Some(Beyond::ServerRole), format!("server-role: {roles}")));
        }
        _ => {
            let why = "the answer has no server_roles".to_owned();
            return vec![Assertion::not_established(id, title, required, why)];
        }
    }
    let reason = |kind: Option<Beyond>| kind.and_then(|k| profile.clone.accept.get(k.name()));
    let refused: Vec<&str> =
        found.iter().filter(|(k, _)| reason(*k).is_none()).map(|(_, t)| t.as_str()).collect();
    let accepted = found.len() - refused.len();
    let actual = match (refused.is_empty(), accepted) {
        (true, 0) => "none".to_owned(),
        (true, n) => format!("none but {n} accepted by the profile"),
        (false, _) => refused.join(", "),
    };
    let holds = if refused.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "{} has {}: take it from the role, or accept it by name in [clone.accept]",
            profile.clone.role,
            refused.join(", ")
        ))
    };
    let mut rows = vec![Assertion::decide(id, title, required, actual, holds)];
    for (kind, what) in &found {
        if let (Some(kind), Some(reason)) = (kind, reason(*kind)) {
            rows.push(Assertion::decide(
                &format!("clone-accepted-{}", kind.name()),
                format!("the clone's role has a power beyond the clone: {}", kind.name()),
                "accepted by the profile",
                format!("{what}; accepted: {reason}"),
                Ok(()),
            ));
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use clonegate_model::{DatabaseName, Verdict};

    use super::*;

    fn identity(system: &str) -> Identity {
        Identity {
            database: DatabaseName::new("p").expect("a name"),
            database_oid: 5,
            role: "c".to_owned(),
            system_identifier: system.to_owned(),
            postmaster_start: "then".to_owned(),
            server_version: "17".to_owned(),
            server_version_num: 170_000,
            in_recovery: false,
        }
    }

    fn verdict(knock: Knock, far: bool, open: Option<&Knock>, connect: Connect) -> Verdict {
        let server = far.then(|| ("h".to_owned(), 1));
        let door = Door { database: DatabaseName::new("p").expect("a name"), server };
        let tried = Knocked { door: &door, knock: &knock, open };
        knocked(&tried, &identity("1"), &Ok(connect)).outcome.verdict()
    }

    #[test]
    fn only_a_refusal_of_the_database_itself_counts_as_one() {
        let refused = |why| Knock::Refused { why, said: "no".to_owned() };
        let here = |why| verdict(refused(why), false, None, Connect::May(false));
        let there = |why| verdict(refused(why), true, None, Connect::NoRole);
        assert_eq!(here(NotLetIn::NoConnect), Verdict::Pass);
        assert_eq!(here(NotLetIn::NoEntry), Verdict::Pass);
        // On the clone's own server these say nothing of CONNECT.
        for why in [NotLetIn::NotProven, NotLetIn::NoRole, NotLetIn::NoDatabase, NotLetIn::Other] {
            assert_eq!(here(why), Verdict::Inconclusive, "{why:?}");
        }
        for why in [NotLetIn::NotProven, NotLetIn::NoRole, NotLetIn::NoDatabase] {
            assert_eq!(there(why), Verdict::Pass, "{why:?}");
            let may = verdict(refused(why), true, None, Connect::May(true));
            assert_eq!(may, Verdict::Inconclusive, "{why:?}");
        }
        assert_eq!(there(NotLetIn::Other), Verdict::Inconclusive);
    }

    #[test]
    fn a_role_that_was_let_in_fails_and_one_that_found_another_server_does_not() {
        let into = |system: &str| Knock::LetIn(Box::new(identity(system)));
        assert_eq!(verdict(into("1"), false, None, Connect::May(false)), Verdict::Fail);
        assert_eq!(verdict(into("1"), true, None, Connect::NoRole), Verdict::Fail);
        assert_eq!(verdict(into("2"), true, None, Connect::NoRole), Verdict::Pass);
        assert_eq!(verdict(into("2"), false, None, Connect::NoRole), Verdict::Inconclusive);
    }

    #[test]
    fn another_language_is_understood_by_the_difference_to_an_open_door() {
        let other = || Knock::Refused { why: NotLetIn::Other, said: "nein".to_owned() };
        let open = Knock::LetIn(Box::new(identity("1")));
        let shut = Knock::NoAnswer("nobody".to_owned());
        let of = |open: &Knock| verdict(other(), false, Some(open), Connect::May(false));
        assert_eq!(of(&open), Verdict::Pass);
        assert_eq!(of(&shut), Verdict::Inconclusive);
    }

    #[test]
    fn nobody_who_answers_is_a_refusal_only_of_another_server() {
        let nobody = || Knock::NoAnswer("timeout".to_owned());
        assert_eq!(verdict(nobody(), true, None, Connect::NoRole), Verdict::Pass);
        assert_eq!(verdict(nobody(), false, None, Connect::NoRole), Verdict::Inconclusive);
        let not_tried = Knock::NotTried("no psql".to_owned());
        assert_eq!(verdict(not_tried, true, None, Connect::NoRole), Verdict::Inconclusive);
    }
}
