//! A container's name that is given to another container.

use clonegate_clone::{CloneChannel, ContainerName, Ending, ScriptFailure};
use clonegate_sql::GuardedScript;

use crate::harness::{Fixture, fixture};

const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// An engine that knows the container by its name and its id, and is told by a file when it is gone.
fn engine(fixture: &mut Fixture, inspect: &str) -> std::path::PathBuf {
    let gone = fixture.folder.path().join("gone");
    let script = format!(
        "if [ \"$1\" = inspect ]; then {inspect}; fi\n\
         if [ -e {gone} ] && [ \"$3\" = {ID} ]; then echo 'No such container' >&2; exit 1; fi\n\
         shift 3\nexec \"$@\"",
        gone = gone.display()
    );
    fixture.settings.runtime = fixture.program("runtime", &script);
    fixture.settings.container = Some(ContainerName::new("far").unwrap());
    gone
}

async fn make(channel: &CloneChannel) -> Result<(), Box<clonegate_clone::ScriptError>> {
    let script = GuardedScript::judge("A.sql", "create table made (i int);").unwrap();
    channel.run(&script, Ending::Commit, |_| Ok(())).await.map(drop)
}

#[tokio::test]
async fn a_script_goes_to_the_container_that_was_pinned_and_not_to_its_names_new_owner() {
    let mut fixture = fixture();
    let gone = engine(&mut fixture, &format!("echo {ID}; exit 0"));
    let channel = fixture.open().await;
    assert_eq!(channel.container(), Some(ID));
    assert!(channel.route().contains(" exec -i far "), "people read its name: {}", channel.route());
    // The container is removed, and another one that answers just as well has its name.
    std::fs::write(gone, "").unwrap();
    let error = make(&channel).await.unwrap_err();
    assert!(matches!(error.failure, ScriptFailure::Session(_)), "{error:?}");
    assert!(!fixture.exists("made"));
}

#[tokio::test]
async fn an_engine_that_does_not_say_the_id_is_called_by_the_name() {
    for inspect in ["exit 1", "echo nonsense; exit 0"] {
        let mut fixture = fixture();
        engine(&mut fixture, inspect);
        let channel = fixture.open().await;
        assert_eq!(channel.container(), None);
        make(&channel).await.unwrap();
        assert!(fixture.exists("made"));
    }
}
