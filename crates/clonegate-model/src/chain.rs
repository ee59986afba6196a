//! An error in words.

use std::error::Error;

/// An error with what caused it, on one line. The crates' errors don't repeat their sources' texts.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("it was not read")]
    struct Outer(#[source] std::fmt::Error);

    #[test]
    fn an_error_is_told_with_its_causes() {
        let error = Outer(std::fmt::Error);
        assert_eq!(chain(&error), format!("it was not read: {}", std::fmt::Error));
    }
}
