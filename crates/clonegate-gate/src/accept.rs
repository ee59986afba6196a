//! What a clone and its role may have beyond the clone, where the profile says so by name.

use std::collections::BTreeMap;

/// Something that reaches beyond the clone, and can be accepted with a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beyond {
    /// The role has CREATEDB.
    CreateDatabase,
    /// The role has CREATEROLE.
    CreateRole,
    /// The role has REPLICATION.
    Replication,
    /// The role has BYPASSRLS.
    BypassRls,
    /// The role is a member of one of the server's own roles that reach beyond a database.
    ServerRole,
    /// A replication slot of the clone.
    ReplicationSlot,
    /// A subscription of the clone.
    Subscription,
    /// A foreign server on the clone.
    ForeignServer,
    /// An extension that reaches other servers, files or networks.
    ReachingExtension,
    /// An event trigger that fires.
    EventTrigger,
    /// Jobs of pg_cron, or a pg_cron whose jobs can't be read.
    PgCron,
    /// Time in which nobody looked: work by hand, or a run that was killed and taken up again.
    Unwatched,
}

impl Beyond {
    pub(crate) const ALL: [Self; 12] = [
        Self::CreateDatabase,
        Self::CreateRole,
        Self::Replication,
        Self::BypassRls,
        Self::ServerRole,
        Self::ReplicationSlot,
        Self::Subscription,
        Self::ForeignServer,
        Self::ReachingExtension,
        Self::EventTrigger,
        Self::PgCron,
        Self::Unwatched,
    ];

    /// As the profile names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CreateDatabase => "create-database",
            Self::CreateRole => "create-role",
            Self::Replication => "replication",
            Self::BypassRls => "bypass-rls",
            Self::ServerRole => "server-role",
            Self::ReplicationSlot => "replication-slot",
            Self::Subscription => "subscription",
            Self::ForeignServer => "foreign-server",
            Self::ReachingExtension => "reaching-extension",
            Self::EventTrigger => "event-trigger",
            Self::PgCron => "pg-cron",
            Self::Unwatched => "unwatched",
        }
    }
}

/// Whether every name is one, and has a reason.
pub(crate) fn check(accepted: &BTreeMap<String, String>) -> Result<(), String> {
    for (name, reason) in accepted {
        if !Beyond::ALL.iter().any(|b| b.name() == name) {
            let names = Beyond::ALL.map(Beyond::name).join(", ");
            return Err(format!("there is no {name:?}; known are {names}"));
        }
        if reason.trim().is_empty() {
            return Err(format!("{name} is accepted without a reason; say why it is needed"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_names_are_accepted_and_with_a_reason() {
        let of = |name: &str, why: &str| check(&BTreeMap::from([(name.into(), why.into())]));
        assert_eq!(of("create-database", "for scratch copies"), Ok(()));
        assert!(of("create-database", " ").is_err_and(|e| e.contains("without a reason")));
        assert!(of("superuser", "because").is_err_and(|e| e.contains("create-role")));
    }
}
