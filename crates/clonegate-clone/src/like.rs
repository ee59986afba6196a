//! With which encoding and locale a database is made.

use serde::Deserialize;

use crate::statements::literal;

/// How a database sorts and encodes text: another one that is to hold the same is made like it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Like {
    /// The encoding's name.
    pub encoding: String,
    /// `datcollate`; NULL where the provider has none of its own.
    pub collate: Option<String>,
    /// `datctype`.
    pub ctype: Option<String>,
    /// `datlocprovider`, from PostgreSQL 15 on: `c`, `i` or `b`.
    pub provider: Option<String>,
    /// The locale of a provider that is not libc.
    pub locale: Option<String>,
    /// `daticurules`.
    pub rules: Option<String>,
}

impl Like {
    /// What stands behind `CREATE DATABASE … TEMPLATE template0`.
    pub(crate) fn clause(&self) -> String {
        let mut clause = format!("encoding {}", literal(&self.encoding));
        let mut say = |word: &str, value: &Option<String>| {
            if let Some(value) = value {
                clause.push_str(&format!(" {word} {}", literal(value)));
            }
        };
        say("lc_collate", &self.collate);
        say("lc_ctype", &self.ctype);
        match self.provider.as_deref() {
            Some("i") => {
                say("locale_provider", &Some("icu".to_owned()));
                say("icu_locale", &self.locale);
                say("icu_rules", &self.rules);
            }
            Some("b") => {
                say("locale_provider", &Some("builtin".to_owned()));
                say("builtin_locale", &self.locale);
            }
            Some(_) => say("locale_provider", &Some("libc".to_owned())),
            None => {}
        }
        clause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_has_its_words() {
        let text = |t: &str| Some(t.to_owned());
        let mut like = Like {
            encoding: "UTF8".to_owned(),
            collate: text("it's"),
            ctype: text("C"),
            provider: None,
            locale: None,
            rules: None,
        };
        assert_eq!(like.clause(), "encoding 'UTF8' lc_collate 'it''s' lc_ctype 'C'");
        like.provider = text("c");
        assert!(like.clause().ends_with(" locale_provider 'libc'"));
        like.provider = text("i");
        like.locale = text("de-DE");
        assert!(like.clause().ends_with(" locale_provider 'icu' icu_locale 'de-DE'"));
        like.provider = text("b");
        assert!(like.clause().ends_with(" locale_provider 'builtin' builtin_locale 'de-DE'"));
    }
}
