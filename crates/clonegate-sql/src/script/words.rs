//! Words in a text that can't be parsed: pieces of SQL from which a body puts a statement together.

use std::ops::Range;

use super::ScriptRule::{self, *};
use super::functions;

/// Something that would be refused if it stood in the script itself.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hidden {
    pub(crate) rule: ScriptRule,
    pub(crate) words: String,
    pub(crate) range: Range<usize>,
}

/// Words in a row; `|` stands between alternatives.
const PHRASES: &[(ScriptRule, &[&str])] = &[
    (ServerControl, &["alter", "system"]),
    (ForeignServer, &["create|alter", "user", "mapping"]),
    (RoleCommand, &["create|alter|drop", "role|user|group"]),
    (RoleCommand, &["reassign", "owned"]),
    (RoleCommand, &["drop", "owned"]),
    (DatabaseCommand, &["create|alter|drop", "database"]),
    (Tablespace, &["create|alter|drop|set", "tablespace"]),
    (Subscription, &["create|alter|drop", "subscription"]),
    (Publication, &["create|alter|drop", "publication"]),
    (ForeignServer, &["create|alter", "server"]),
    (ForeignServer, &["create|import", "foreign"]),
    (EventTrigger, &["create|alter|drop", "event", "trigger"]),
    (Extension, &["create|alter", "extension"]),
    (UntrustedLanguage, &["create", "language"]),
    (UntrustedLanguage, &["language", "c|internal|plpython3u|plpythonu|plpython2u|plperlu|pltclu"]),
    (SessionIdentity, &["set|reset", "role"]),
    (SessionIdentity, &["set", "local|session", "role"]),
    (SessionIdentity, &["session", "authorization"]),
    (SessionSetting, &["standard_conforming_strings|client_encoding|backslash_quote"]),
    (PreparedTransaction, &["prepare", "transaction"]),
    (PreparedTransaction, &["commit|rollback", "prepared"]),
    (CopyProgram, &["from|to", "program"]),
    (SharedObject, &["on", "database|tablespace"]),
];

/// What a text hides.
pub(crate) fn hidden(text: &str) -> Vec<Hidden> {
    let words = words(text);
    let mut found = Vec::new();
    for (at, (range, word)) in words.iter().enumerate() {
        if let Some(rule) = functions::named(word) {
            found.push(Hidden { rule, words: word.clone(), range: range.clone() });
            continue;
        }
        let phrase = PHRASES.iter().find(|(_, phrase)| {
            phrase.iter().enumerate().all(|(n, wanted)| {
                words.get(at + n).is_some_and(|(_, word)| wanted.split('|').any(|w| w == word))
            })
        });
        if let Some((rule, phrase)) = phrase {
            let all = &words[at..at + phrase.len()];
            let end = all.last().map_or(range.end, |(range, _)| range.end);
            let words = all.iter().map(|(_, word)| word.as_str()).collect::<Vec<_>>().join(" ");
            found.push(Hidden { rule: *rule, words, range: range.start..end });
        }
    }
    found
}

/// A statement without its `INTO [STRICT] target, …`, which PL/pgSQL allows in more places than the
/// parser does; blanks stand in its place. `None` where there is none.
pub(crate) fn without_into(text: &str) -> Option<String> {
    let words = words(text);
    let into = words.iter().rposition(|(_, word)| word == "into")?;
    // INSERT INTO has a table there.
    if into > 0 && words[into - 1].1 == "insert" {
        return None;
    }
    let bytes = text.as_bytes();
    let mut at = words[into].0.end;
    let blanks = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        at
    };
    let strict = words.get(into + 1).filter(|(_, word)| word == "strict");
    if let Some((range, _)) = strict {
        at = range.end;
    }
    loop {
        at = blanks(at);
        let name = text[at..]
            .bytes()
            .take_while(|b| {
                b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$' | b'.' | b'"' | 0x80..)
            })
            .count();
        if name == 0 {
            return None;
        }
        at += name;
        let next = blanks(at);
        if bytes.get(next) == Some(&b',') {
            at = next + 1;
        } else {
            break;
        }
    }
    let from = words[into].0.start;
    let blank: String =
        text[from..at].chars().flat_map(|c| std::iter::repeat_n(' ', c.len_utf8())).collect();
    Some(format!("{}{blank}{}", &text[..from], &text[at..]))
}

/// Words in lower case, with their bytes.
fn words(text: &str) -> Vec<(Range<usize>, String)> {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (is_word(c), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                words.push((from..at, text[from..at].to_lowercase()));
                start = None;
            }
            _ => {}
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Vec<ScriptRule> {
        hidden(text).into_iter().map(|h| h.rule).collect()
    }

    #[test]
    fn finds_what_would_be_refused() {
        assert_eq!(rules("ALTER  System set x = 1"), [ServerControl]);
        assert_eq!(rules("create\nuser mapping for x"), [ForeignServer]);
        assert_eq!(rules("select dblink_exec("), [RemoteConnection]);
        assert_eq!(rules("copy a from program "), [CopyProgram]);
    }

    #[test]
    fn prose_and_ordinary_statements_are_left_alone() {
        for text in ["drop table ", "the system was altered", "create index %I on %I", "users"] {
            assert_eq!(rules(text), [], "{text}");
        }
    }

    #[test]
    fn an_into_is_blanked_in_place() {
        assert_eq!(
            without_into("select a, b from t into strict x, y.z where c;").as_deref(),
            Some("select a, b from t                    where c;")
        );
        assert_eq!(without_into("insert into a values (1)"), None);
        assert_eq!(without_into("select 1"), None);
    }
}
