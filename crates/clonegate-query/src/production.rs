//! The one place where a profile becomes a connection to production: for queries and for the gate.

use clonegate_model::{DatabaseName, RunId, chain};
use clonegate_probe::{
    Accepted, Allowlist, Bounds, ConnectError, ConnectionSettings, Environment, Fields,
    ProductionChannel, Terms,
};
use clonegate_profile::ProductionTarget;

/// How to reach one database of production, and what must hold there.
#[derive(Debug, Clone)]
pub struct Production {
    /// Where it is and who asks.
    pub settings: ConnectionSettings,
    /// The databases that the channel may see at all.
    pub allowlist: Allowlist,
    /// The role that must answer.
    pub role: Option<String>,
    /// What the role may have besides reading.
    pub accepted: Accepted,
}

/// The profile's settings don't lead to a server. The text carries no secret.
#[derive(Debug, thiserror::Error)]
#[error("production's settings are wrong: {problem}")]
pub struct SettingsProblem {
    problem: String,
}

impl Production {
    /// Takes the profile's settings, then the URL's of the variable that it names, then libpq's
    /// variables.
    ///
    /// # Errors
    /// [`SettingsProblem`]; nothing was connected to.
    pub fn resolve(
        target: &ProductionTarget,
        database: &DatabaseName,
    ) -> Result<Self, SettingsProblem> {
        let wrong = |e: &dyn std::error::Error| SettingsProblem { problem: chain(e) };
        let environment = Environment::of_process();
        let url = match &target.url_env {
            None => None,
            Some(variable) => Some(environment.connection_string(variable).map_err(|e| wrong(&e))?),
        };
        let fields = Fields {
            host: target.host.clone(),
            port: target.port,
            user: Some(target.role.clone()),
            database: Some(database.clone()),
            sslmode: target
                .sslmode
                .map(|m| m.as_str().parse())
                .transpose()
                .map_err(|e: clonegate_probe::UnknownWord| wrong(&e))?,
            sslrootcert: target.sslrootcert.as_ref().map(|p| p.display().to_string()),
            passfile: target.passfile.clone(),
        };
        Ok(Self {
            settings: ConnectionSettings::resolve(&fields, url.as_ref(), &environment)
                .map_err(|e| wrong(&e))?,
            allowlist: Allowlist::new(target.allowlist.iter().cloned()).map_err(|e| wrong(&e))?,
            role: Some(target.role.clone()),
            accepted: Accepted::new(target.accept.iter().map(|(kind, why)| (kind, why.clone())))
                .map_err(|e| SettingsProblem { problem: format!("[production.accept]: {e}") })?,
        })
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> &DatabaseName {
        self.settings.database()
    }

    /// Opens the channel.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn connect(
        &self,
        run: &RunId,
        bounds: Bounds,
    ) -> Result<ProductionChannel, ConnectError> {
        let terms = Terms {
            allowlist: &self.allowlist,
            role: self.role.as_deref(),
            accepted: &self.accepted,
            run,
            bounds,
        };
        ProductionChannel::connect(self.settings.clone(), terms).await
    }
}
