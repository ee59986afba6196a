//! What can be wrong with a profile: always with the file, and with the place where there is one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use miette::{Diagnostic, NamedSource, SourceSpan};

/// Why a profile can't be used.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ProfileError {
    /// A file that the profile needs can't be read.
    #[error("can't read {}", path.display())]
    #[diagnostic(help("{hint}"))]
    Read {
        /// Which file.
        path: PathBuf,
        /// What it is needed for.
        hint: String,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// A place in a file is wrong.
    #[error("{problem}")]
    #[diagnostic(help("{hint}"))]
    Text {
        /// What is wrong.
        problem: String,
        /// What to write instead.
        hint: String,
        /// The file.
        #[source_code]
        file: Arc<NamedSource<String>>,
        /// The place.
        #[label("here")]
        at: SourceSpan,
    },
    /// A file's name or place is wrong.
    #[error("{}: {problem}", path.display())]
    #[diagnostic(help("{hint}"))]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
        /// What to do.
        hint: String,
    },
}

impl ProfileError {
    pub(crate) fn read(
        path: &Path,
        hint: impl Into<String>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let (path, hint) = (path.to_owned(), hint.into());
        |source| Self::Read { path, hint, source }
    }

    pub(crate) fn text(
        path: &Path,
        text: &str,
        at: std::ops::Range<usize>,
        problem: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self::Text {
            problem: problem.into(),
            hint: hint.into(),
            file: Arc::new(NamedSource::new(path.display().to_string(), text.to_owned())),
            at: at.into(),
        }
    }

    pub(crate) fn file(path: &Path, problem: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::File { path: path.to_owned(), problem: problem.into(), hint: hint.into() }
    }
}
