//! The catalog witness: every definition, normalised.

use std::collections::BTreeMap;

use clonegate_model::CatalogObject;
use serde::Deserialize;
use serde_json::Value as Json;

/// The classes of objects, each with the query that lists them.
pub(crate) const CLASSES: [(&str, &str); 20] = [
    ("schema", include_str!("../../../sql/engine/witness/catalog/schema.sql")),
    ("relation", include_str!("../../../sql/engine/witness/catalog/relation.sql")),
    ("column", include_str!("../../../sql/engine/witness/catalog/column.sql")),
    ("constraint", include_str!("../../../sql/engine/witness/catalog/constraint.sql")),
    ("index", include_str!("../../../sql/engine/witness/catalog/index.sql")),
    ("trigger", include_str!("../../../sql/engine/witness/catalog/trigger.sql")),
    ("rule", include_str!("../../../sql/engine/witness/catalog/rule.sql")),
    ("policy", include_str!("../../../sql/engine/witness/catalog/policy.sql")),
    ("function", include_str!("../../../sql/engine/witness/catalog/function.sql")),
    ("type", include_str!("../../../sql/engine/witness/catalog/type.sql")),
    ("extension", include_str!("../../../sql/engine/witness/catalog/extension.sql")),
    ("default privilege", include_str!("../../../sql/engine/witness/catalog/default_acl.sql")),
    ("event trigger", include_str!("../../../sql/engine/witness/catalog/event_trigger.sql")),
    ("role", include_str!("../../../sql/engine/witness/catalog/role.sql")),
    ("database", include_str!("../../../sql/engine/witness/catalog/database.sql")),
    ("setting", include_str!("../../../sql/engine/witness/catalog/setting.sql")),
    ("cluster", include_str!("../../../sql/engine/witness/catalog/cluster.sql")),
    ("large object", include_str!("../../../sql/engine/witness/catalog/large_object.sql")),
    ("system", include_str!("../../../sql/engine/witness/catalog/system.sql")),
    ("other", include_str!("../../../sql/engine/witness/catalog/rare.sql")),
];

/// A row of such a query.
#[derive(Debug, Deserialize)]
pub(crate) struct Row {
    identity: String,
    attributes: BTreeMap<String, Json>,
}

impl Row {
    /// As a definition; an attribute that is NULL is left out.
    pub(crate) fn into_object(self, class: &str) -> CatalogObject {
        let attributes = self.attributes.into_iter().filter_map(|(name, value)| match value {
            Json::Null => None,
            Json::String(text) => Some((name, text)),
            other => Some((name, other.to_string())),
        });
        CatalogObject {
            class: class.to_owned(),
            identity: self.identity,
            attributes: attributes.collect(),
        }
    }
}
