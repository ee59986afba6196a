//! A clone that lasts longer.

use clonegate_model::{CloneAct, CloneMark, chain};
use jiff::Timestamp;

use super::{Found, Handled, Wish, cant, mark_of, row};
use crate::GateError;
use crate::run::Gate;

impl Gate<'_> {
    /// Writes another expiry on a clone.
    ///
    /// # Errors
    /// Where there is nothing to record. A clone that can't be written on is no error: the record says so.
    pub async fn extend_clone(&self, wish: Wish, expires: &str) -> Result<Handled, GateError> {
        let expires = self.expiry(Some(expires), Timestamp::now())?;
        let mut at = self.handle(CloneAct::Extend, &wish).await?;
        let found = at.keeper.databases().await.map_err(|e| cant("list the databases", e))?;
        let standing = found.into_iter().find(|d| d.name == at.name.as_str());
        let title = "the clone is there, and says until when it lasts";
        let marked = standing.as_ref().and_then(|s| mark_of(s.comment.as_ref()));
        let (Some(standing), Some(mark)) = (standing, marked) else {
            let why = format!("there is no database {} that clonegate made", at.name);
            let found = Found::NotMet { actual: "no".to_owned(), why };
            at.require(row("extend-there", title, "yes", found));
            return at.end();
        };
        at.require(row("extend-there", title, "yes", Found::Met(mark.expires.to_string())));
        let later = CloneMark { expires, ..mark };
        let written = at
            .keeper
            .mark(
                &at.name,
                &standing,
                &later.comment_in_place(standing.comment.as_deref().unwrap_or_default()),
            )
            .await;
        at.record.done = written.is_ok();
        let found = match written {
            Ok(()) => Found::Met(expires.to_string()),
            Err(error) => Found::Unknown(chain(&error)),
        };
        at.require(row("extend-mark", "it lasts until", expires.to_string(), found));
        at.record.mark = Some(later);
        at.end()
    }
}
