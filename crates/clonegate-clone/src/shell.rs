//! Command lines: quoted for a POSIX shell at each level that has one.

/// Runs psql on a script that arrived whole; see its own words.
pub(crate) const WRAPPER: &str = include_str!("wrapper.sh");

/// The wrapper's own exit statuses. psql has 0 to 3, shells 126 and above, container runtimes 125.
pub(crate) mod status {
    /// The script did not arrive as it was sent.
    pub(crate) const ALTERED: i32 = 90;
    /// Nothing there computes SHA-256.
    pub(crate) const NO_DIGEST: i32 = 91;
    /// psql, or another of PostgreSQL's programs, is not there.
    pub(crate) const NO_PSQL: i32 = 93;
}

/// One word for a POSIX shell.
pub(crate) fn quote(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-./:=,@%+".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// A command line for a POSIX shell, as sshd hands it to the login shell.
pub(crate) fn join(argv: &[String]) -> String {
    argv.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_gives_every_word_back() {
        let words =
            ["", "a b", "it's", "$HOME `id` $(id)", "a\nb", "\\", "\"", "!x", "*", "-n", "é"];
        let mut argv = vec!["printf".to_owned(), "%s\\0".to_owned()];
        argv.extend(words.map(str::to_owned));
        // Twice, as ssh's shell and then the wrapper's.
        let inner = join(&argv);
        let outer = join(&["sh".to_owned(), "-c".to_owned(), inner]);
        let output = std::process::Command::new("sh").args(["-c", &outer]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let back: Vec<&str> = text.split_terminator('\0').collect();
        assert_eq!(back, words);
    }
}
