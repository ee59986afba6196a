//! The negative controls: refused where the guards stand, and seen not to be where one is out.

use clonegate_clone::{Control, Door, Knock, NotLetIn};
use clonegate_model::{DatabaseName, Identity};

use crate::harness::{Fixture, ROLE, fixture};

fn door(database: &str) -> Door {
    Door { database: DatabaseName::new(database).unwrap(), server: None }
}

fn another(identity: &Identity) -> Identity {
    Identity {
        database: DatabaseName::new("production").unwrap(),
        database_oid: identity.database_oid + 1,
        ..identity.clone()
    }
}

/// Rewrites what psql is told: each pair is a pattern of `case` and what takes the argument's place.
fn rewritten(fixture: &mut Fixture, pairs: &[(&str, &str)]) {
    let cases: String = pairs.iter().map(|(p, to)| format!("{p}) a={to} ;;\n")).collect();
    fixture.psql(&format!(
        "n=$#\nwhile [ $n -gt 0 ]; do\n  a=$1; shift\n  case $a in\n{cases}  esac\n  set -- \"$@\" \"$a\"; n=$((n - 1))\ndone\nexec $psql \"$@\""
    ));
}

const UNGUARDED: (&str, &str) = (
    "'do $guard$'*",
    r#""select set_config('clonegate.guarded', current_setting('clonegate.expected')::json ->> 'token', true) is null""#,
);

#[tokio::test]
async fn what_has_to_be_refused_is_refused() {
    let fixture = fixture();
    let channel = fixture.open().await;
    let other = another(channel.identity());
    let Control::Refused(why) = channel.control_other_database(&other).await else { panic!() };
    assert!(why.contains("not on the clone 'production'"), "{why}");
    let Control::Refused(why) = channel.control_connect().await else { panic!() };
    assert!(why.contains("restricted"), "{why}");
    let Control::Refused(why) = channel.control_read().await else { panic!() };
    assert!(why.contains("25006"), "{why}");
    assert_eq!(fixture.sql("select count(*) from kept"), "3");
}

#[tokio::test]
async fn without_the_guard_a_script_for_another_database_is_seen_to_run() {
    let mut fixture = fixture();
    rewritten(&mut fixture, &[UNGUARDED]);
    let channel = fixture.open().await;
    let control = channel.control_other_database(&another(channel.identity())).await;
    assert!(
        matches!(&control, Control::NotRefused(why) if why.contains("production")),
        "{control:?}"
    );
}

#[tokio::test]
async fn without_the_lock_psql_is_seen_to_connect() {
    let mut fixture = fixture();
    rewritten(&mut fixture, &[(r"'\restrict '*", r"'\echo'")]);
    let channel = fixture.open().await;
    let control = channel.control_connect().await;
    assert!(matches!(control, Control::NotRefused(_)), "{control:?}");
}

#[tokio::test]
async fn without_read_only_a_row_lock_is_seen_to_be_tried_and_nothing_is_written() {
    let mut fixture = fixture();
    let writes = ("'begin isolation level repeatable read read only'", "'begin read write'");
    rewritten(&mut fixture, &[writes, UNGUARDED]);
    let channel = fixture.open().await;
    let control = channel.control_read().await;
    assert!(matches!(&control, Control::NotRefused(why) if why.contains("42501")), "{control:?}");
    assert_eq!(fixture.sql("select count(*) from pg_class where xmax <> 0"), "0");
}

#[tokio::test]
async fn at_a_door_the_role_is_refused_let_in_or_nobody_answers() {
    let fixture = fixture();
    let closed = format!("closed_{}", fixture.database());
    fixture.role_sql(&format!("create database {closed}"));
    fixture.role_sql(&format!("revoke connect on database {closed} from public"));
    let channel = fixture.open().await;
    let Knock::Refused { why, said } = channel.knock(&door(&closed)).await else { panic!() };
    assert_eq!(why, NotLetIn::NoConnect, "{said}");
    let Knock::Refused { why, .. } = channel.knock(&door("nowhere")).await else { panic!() };
    assert_eq!(why, NotLetIn::NoDatabase);
    fixture.role_sql(&format!("grant connect on database {closed} to {ROLE}"));
    let Knock::LetIn(who) = channel.knock(&door(&closed)).await else { panic!() };
    assert_eq!(who.database.as_str(), closed);
    let far = Door { server: Some(("127.0.0.1".to_owned(), 9)), ..door(&closed) };
    let knock = channel.knock(&far).await;
    assert!(matches!(knock, Knock::NoAnswer(_)), "{knock:?}");
}
