//! What each crate knows nothing of, from `cargo metadata` and not only from the documents.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// For each crate, what it may not depend on, directly or through others.
const KNOWS_NOTHING_OF: &[(&str, &[&str])] = &[
    ("clonegate-model", &["tokio", "tokio-postgres", "rustls", "russh"]),
    (
        "clonegate-profile",
        &["tokio", "tokio-postgres", "clonegate-probe", "clonegate-clone", "clonegate-store"],
    ),
    ("clonegate-sql", &["tokio", "tokio-postgres", "clonegate-profile"]),
    (
        "clonegate-probe",
        &[
            "clonegate-clone",
            "clonegate-gate",
            "clonegate-profile",
            "clonegate-report",
            "async-ssh2-tokio",
        ],
    ),
    ("clonegate-witness", &["tokio", "tokio-postgres", "clonegate-probe", "clonegate-clone"]),
    (
        "clonegate-clone",
        &["tokio-postgres", "clonegate-probe", "clonegate-gate", "clonegate-profile"],
    ),
    (
        "clonegate-store",
        &["tokio", "tokio-postgres", "clonegate-probe", "clonegate-clone", "clonegate-profile"],
    ),
    (
        "clonegate-diff",
        &["tokio", "tokio-postgres", "clonegate-store", "clonegate-probe", "clonegate-clone"],
    ),
    ("clonegate-query", &["clonegate-clone", "clonegate-gate", "clap"]),
    ("clonegate-mcp", &["clonegate-clone", "clonegate-gate", "clap"]),
    ("clonegate-lint", &["tokio", "tokio-postgres", "clonegate-profile", "clonegate-store"]),
    ("clonegate-report", &["tokio", "tokio-postgres", "clonegate-store", "clonegate-gate"]),
    (
        "clonegate-sandbox",
        &[
            "clonegate-gate",
            "clonegate-probe",
            "clonegate-clone",
            "clonegate-model",
            "tokio-postgres",
        ],
    ),
    (
        "clonegate-gate",
        &["clonegate-report", "clonegate-sandbox", "clap", "comfy-table", "indicatif"],
    ),
    ("clonegate", &[]),
];

#[test]
fn no_crate_depends_on_what_it_knows_nothing_of() {
    let metadata = MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .other_options(vec!["--locked".to_owned()])
        .exec()
        .expect("cargo metadata");
    let names: BTreeMap<_, _> =
        metadata.packages.iter().map(|p| (p.id.clone(), p.name.to_string())).collect();
    let graph: BTreeMap<_, Vec<_>> = metadata
        .resolve
        .expect("the dependencies are resolved")
        .nodes
        .into_iter()
        .map(|node| {
            let normal = node
                .deps
                .into_iter()
                .filter(|d| d.dep_kinds.iter().any(|k| k.kind != DependencyKind::Development));
            (node.id, normal.map(|d| d.pkg).collect())
        })
        .collect();

    let crates =
        std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../crates")).expect("crates/");
    let folders: BTreeSet<String> =
        crates.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
    let listed: BTreeSet<String> =
        KNOWS_NOTHING_OF.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(folders, listed, "every crate has a line here, and its folder's name");

    for (name, unknown) in KNOWS_NOTHING_OF {
        let (id, _) = names.iter().find(|(_, n)| n == name).expect("the folder is a package");
        let mut seen = BTreeSet::from([id.clone()]);
        let mut open = vec![id.clone()];
        while let Some(id) = open.pop() {
            for dependency in graph.get(&id).into_iter().flatten() {
                if seen.insert(dependency.clone()) {
                    open.push(dependency.clone());
                }
            }
        }
        let known: BTreeSet<&str> = seen.iter().map(|id| names[id].as_str()).collect();
        for forbidden in *unknown {
            assert!(!known.contains(forbidden), "{name} must know nothing of {forbidden}");
        }
    }
}

#[test]
fn architecture_names_every_crate() {
    let text = include_str!("../../ARCHITECTURE.md");
    for (name, _) in KNOWS_NOTHING_OF {
        assert!(text.contains(&format!("`{name}`")), "ARCHITECTURE.md does not name {name}");
    }
}
