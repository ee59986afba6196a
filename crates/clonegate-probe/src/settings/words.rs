//! libpq's words for how to connect.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A word that a setting does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} is not one of {known}")]
pub struct UnknownWord {
    /// The word as given.
    pub word: String,
    /// The words that there are.
    pub known: &'static str,
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $known:literal, { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)*
        }

        impl FromStr for $name {
            type Err = UnknownWord;
            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                match word {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(UnknownWord { word: word.to_owned(), known: $known }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $word,)* })
            }
        }
    };
}

words! {
    /// How much of TLS is required, as libpq means it (manual: "SSL Support", table 34.1).
    ///
    /// Over a unix socket there is no TLS whatever the mode. Where root certificates are given,
    /// the chain is verified in every mode that gets as far as TLS, so that `require` with a root
    /// certificate is `verify-ca`; that is libpq's behaviour too.
    SslMode, "disable, allow, prefer, require, verify-ca, verify-full", {
        /// Never TLS.
        Disable = "disable",
        /// Plain first; TLS if the server refuses that.
        Allow = "allow",
        /// TLS first; plain if that fails. libpq's default.
        Prefer = "prefer",
        /// TLS, with whoever answers.
        Require = "require",
        /// TLS with a certificate that a trusted root signed.
        VerifyCa = "verify-ca",
        /// TLS with a certificate that a trusted root signed for this very host.
        VerifyFull = "verify-full",
    }
}

words! {
    /// Whether SCRAM is bound to the TLS session, so that nobody in between can pass it on.
    ChannelBinding, "disable, prefer, require", {
        /// Never.
        Disable = "disable",
        /// Where both sides can. libpq's default.
        Prefer = "prefer",
        /// Always, or no connection.
        Require = "require",
    }
}

words! {
    /// Which kind of server is wanted.
    ///
    /// Every session of the channel is read-only by its own settings, so the server's kind is
    /// asked, not the session's: `read-write` means a primary and `read-only` a standby.
    TargetSessionAttrs, "any, read-write, read-only, primary, standby, prefer-standby", {
        /// The first that answers.
        Any = "any",
        /// A primary.
        ReadWrite = "read-write",
        /// A standby.
        ReadOnly = "read-only",
        /// A primary.
        Primary = "primary",
        /// A standby.
        Standby = "standby",
        /// A standby if one of the hosts is one, else any.
        PreferStandby = "prefer-standby",
    }
}

/// Whose signature on the server's certificate is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RootCertificates {
    /// Nobody's; enough for modes that verify nothing.
    None,
    /// The operating system's roots (`sslrootcert=system`).
    System,
    /// A PEM file's.
    File(PathBuf),
}

impl fmt::Display for RootCertificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RootCertificates::None => f.write_str("none"),
            RootCertificates::System => f.write_str("system"),
            RootCertificates::File(path) => path.display().fmt(f),
        }
    }
}
