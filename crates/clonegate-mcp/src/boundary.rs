//! The lines between which a text is data.

/// Wraps data from the database so that nothing in it can look like the end of it: the lines around
/// it carry a random word that is made for this answer and does not occur in the data.
///
/// # Errors
/// The operating system gives no random bytes.
pub(crate) fn wrap(data: &str) -> Result<String, getrandom::Error> {
    let word = loop {
        let word = random_word()?;
        if !data.contains(&word) {
            break word;
        }
    };
    Ok(format!("<<<data {word}\n{}\ndata {word}>>>", data.trim_end_matches('\n')))
}

fn random_word() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().map(|b| format!("{b:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_another_one_each_time_and_not_in_the_data() {
        let first = wrap("a").unwrap();
        let word = first.lines().next().unwrap().strip_prefix("<<<data ").unwrap();
        assert_eq!(word.len(), 32);
        assert_eq!(first, format!("<<<data {word}\na\ndata {word}>>>"));
        let faked = wrap(&first).unwrap();
        let other = faked.lines().next().unwrap().strip_prefix("<<<data ").unwrap();
        assert_ne!(word, other);
        assert_eq!(faked.matches(other).count(), 2);
    }
}
