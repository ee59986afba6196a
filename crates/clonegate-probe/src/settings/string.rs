//! Connection strings, in libpq's two spellings.

use std::fmt;
use std::str::FromStr;

use super::SettingsError;

/// A connection string, taken apart: `postgresql://user@host/db?sslmode=…` or `host=… dbname=…`.
///
/// It may hold a password, so it shows the names of its parameters and none of its values.
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectionString(pub(super) Vec<(String, String)>);

impl fmt::Debug for ConnectionString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.iter().map(|(name, _)| name).collect();
        f.debug_tuple("ConnectionString").field(&names).finish()
    }
}

impl FromStr for ConnectionString {
    type Err = SettingsError;
    fn from_str(text: &str) -> Result<Self, SettingsError> {
        let url =
            ["postgresql://", "postgres://"].iter().find_map(|scheme| text.strip_prefix(scheme));
        let pairs = match url {
            Some(rest) => parse_url(rest),
            None => parse_pairs(text),
        };
        pairs.map(Self).map_err(SettingsError::ConnectionString)
    }
}

/// What a connection string has wrong. Never carries a part of it: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StringProblem {
    /// `%` without two hexadecimal digits behind it.
    #[error("a % that is not followed by two hexadecimal digits; write %25 for the character")]
    Percent,
    /// Percent-encoded bytes that are no UTF-8.
    #[error("percent-encoded bytes that are no UTF-8")]
    Utf8,
    /// `%00`.
    #[error("a NUL character")]
    Nul,
    /// `[` without `]`.
    #[error("an IPv6 address without its closing bracket")]
    Bracket,
    /// Something behind `]` that is no port.
    #[error("something behind an IPv6 address that is no port")]
    BehindBracket,
    /// A parameter without `=`.
    #[error("a parameter without = and value")]
    NoValue,
    /// `@` behind the first `/`: most likely the rest of a password that holds a `/`.
    #[error("an @ behind the first /; in a password, write %2F for / and %3F for ?")]
    Unescaped,
    /// `'` without its pair.
    #[error("a quoted value that does not end")]
    Quote,
}

fn parse_url(rest: &str) -> Result<Vec<(String, String)>, StringProblem> {
    let mut pairs = Vec::new();
    let mut push = |name: &str, value: String| {
        if !value.is_empty() {
            pairs.push((name.to_owned(), value));
        }
    };
    let (before_query, query) = match rest.split_once('?') {
        Some((before, query)) => (before, Some(query)),
        None => (rest, None),
    };
    let (authority, database) = match before_query.split_once('/') {
        Some((authority, database)) => (authority, Some(database)),
        None => (before_query, None),
    };
    if database.is_some_and(|d| d.contains('@')) {
        return Err(StringProblem::Unescaped);
    }
    let (user, hosts) = match authority.rsplit_once('@') {
        Some((user, hosts)) => (Some(user), hosts),
        None => (None, authority),
    };
    if let Some(user) = user {
        let (name, password) = match user.split_once(':') {
            Some((name, password)) => (name, Some(password)),
            None => (user, None),
        };
        push("user", decode(name)?);
        if let Some(password) = password {
            push("password", decode(password)?);
        }
    }
    let mut names = Vec::new();
    let mut ports = Vec::new();
    for host in hosts.split(',') {
        let (name, port) = if let Some(inner) = host.strip_prefix('[') {
            let (address, behind) = inner.split_once(']').ok_or(StringProblem::Bracket)?;
            let port = match behind {
                "" => None,
                _ => Some(behind.strip_prefix(':').ok_or(StringProblem::BehindBracket)?),
            };
            (address, port)
        } else {
            match host.split_once(':') {
                Some((name, port)) => (name, Some(port)),
                None => (host, None),
            }
        };
        names.push(decode(name)?);
        ports.push(decode(port.unwrap_or(""))?);
    }
    if names.iter().any(|n| !n.is_empty()) {
        push("host", names.join(","));
    }
    if ports.iter().any(|p| !p.is_empty()) {
        push("port", ports.join(","));
    }
    if let Some(database) = database {
        push("dbname", decode(database)?);
    }
    for pair in query.unwrap_or("").split('&').filter(|p| !p.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or(StringProblem::NoValue)?;
        // libpq reads JDBC's spelling in URLs.
        match (decode(name)?.as_str(), decode(value)?) {
            ("ssl", value) if value == "true" => push("sslmode", "require".to_owned()),
            (name, value) => push(name, value),
        }
    }
    Ok(pairs)
}

fn decode(text: &str) -> Result<String, StringProblem> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || {
            let digit = rest.next().map(char::from).and_then(|c| c.to_digit(16));
            digit.ok_or(StringProblem::Percent)
        };
        let value = digit()? * 16 + digit()?;
        bytes.push(u8::try_from(value).map_err(|_| StringProblem::Percent)?);
    }
    if bytes.contains(&0) {
        return Err(StringProblem::Nul);
    }
    String::from_utf8(bytes).map_err(|_| StringProblem::Utf8)
}

fn parse_pairs(text: &str) -> Result<Vec<(String, String)>, StringProblem> {
    let mut pairs = Vec::new();
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_ascii_whitespace()).is_some() {}
        let mut name = String::new();
        while let Some(c) = chars.next_if(|c| *c != '=' && !c.is_ascii_whitespace()) {
            name.push(c);
        }
        while chars.next_if(|c| c.is_ascii_whitespace()).is_some() {}
        match (name.is_empty(), chars.next()) {
            (true, None) => return Ok(pairs),
            (false, Some('=')) => {}
            _ => return Err(StringProblem::NoValue),
        }
        while chars.next_if(|c| c.is_ascii_whitespace()).is_some() {}
        let quoted = chars.next_if_eq(&'\'').is_some();
        let mut value = String::new();
        loop {
            match chars.next() {
                None if quoted => return Err(StringProblem::Quote),
                None => break,
                Some('\'') if quoted => break,
                Some(c) if !quoted && c.is_ascii_whitespace() => break,
                Some('\\') => value.extend(chars.next()),
                Some(c) => value.push(c),
            }
        }
        if value.contains('\0') {
            return Err(StringProblem::Nul);
        }
        if !value.is_empty() {
            pairs.push((name, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        text.parse::<ConnectionString>().unwrap().0
    }

    fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn reads_urls_as_libpq_does() {
        let cases: &[(&str, &[(&str, &str)])] = &[
            ("postgresql://", &[]),
            ("postgres:///db", &[("dbname", "db")]),
            (
                "postgresql://u:p%40ss@h:1/db?sslmode=require&connect_timeout=3",
                &[
                    ("user", "u"),
                    ("password", "p@ss"),
                    ("host", "h"),
                    ("port", "1"),
                    ("dbname", "db"),
                    ("sslmode", "require"),
                    ("connect_timeout", "3"),
                ],
            ),
            (
                "postgresql://a,b:2,[::1]:3/x",
                &[("host", "a,b,::1"), ("port", ",2,3"), ("dbname", "x")],
            ),
            ("postgresql://%2Fvar%2Frun/db", &[("host", "/var/run"), ("dbname", "db")]),
            (
                "postgresql:///db?host=/run/pg&ssl=true",
                &[("dbname", "db"), ("host", "/run/pg"), ("sslmode", "require")],
            ),
            ("postgresql://u@ser@h/d", &[("user", "u@ser"), ("host", "h"), ("dbname", "d")]),
        ];
        for (url, expected) in cases {
            assert_eq!(pairs(url), owned(expected), "{url}");
        }
    }

    #[test]
    fn reads_keywords_with_quotes_and_escapes() {
        assert_eq!(
            pairs(r"host = 'a b'  password=it\'s user='o\'x\\y' dbname="),
            owned(&[("host", "a b"), ("password", "it's"), ("user", r"o'x\y")])
        );
        assert_eq!(pairs("  "), vec![]);
    }

    #[test]
    fn refuses_what_it_cannot_read_without_showing_it() {
        for (text, problem) in [
            ("postgresql://u:s3cret%4@h/d", StringProblem::Percent),
            ("postgresql://u:s3/cret@h/d", StringProblem::Unescaped),
            ("postgresql://u:%ff@h/d", StringProblem::Utf8),
            ("postgresql://u:%00@h/d", StringProblem::Nul),
            ("postgresql://[::1/d", StringProblem::Bracket),
            ("postgresql://[::1]5/d", StringProblem::BehindBracket),
            ("postgresql://h/d?sslmode", StringProblem::NoValue),
            ("password='s3cret", StringProblem::Quote),
            ("s3cret", StringProblem::NoValue),
        ] {
            let error = text.parse::<ConnectionString>().unwrap_err();
            assert!(
                matches!(&error, SettingsError::ConnectionString(p) if *p == problem),
                "{error:?}"
            );
            assert!(!format!("{error} {error:?}").contains("s3cret"));
        }
        let string: ConnectionString = "postgresql://u:s3cret@h/d".parse().unwrap();
        assert!(!format!("{string:?}").contains("s3cret"));
    }
}
