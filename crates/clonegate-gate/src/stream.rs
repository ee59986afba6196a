//! Between the witnesses, which know no channel, and the production channel, which knows no witness: what is
//! to be streamed, and where it goes.

use clonegate_probe::{CopySink, NotACopy};
use clonegate_sql::{ColumnForm, CopiedColumn, CopyRefused, RangeCopy};
use clonegate_witness::{RowFold, StreamAsk, StreamColumn, StreamForm};

/// The rows of a range as they come. They are folded and forgotten.
pub(crate) struct Folding(pub(crate) RowFold);

impl CopySink for Folding {
    fn take(&mut self, piece: &[u8]) -> Result<(), NotACopy> {
        self.0.take(piece).map_err(NotACopy)
    }
}

/// What the channel takes: names that are names, and nothing else.
pub(crate) fn range(ask: &StreamAsk) -> Result<RangeCopy, CopyRefused> {
    let column = |StreamColumn { name, form }: &StreamColumn| {
        let form = match form {
            StreamForm::Binary => ColumnForm::Binary,
            StreamForm::Base(base) => ColumnForm::Base(base.parse()?),
            StreamForm::Text => ColumnForm::Text,
        };
        Ok(CopiedColumn { name: name.parse()?, form })
    };
    let columns = ask.columns.iter().map(column).collect::<Result<Vec<_>, CopyRefused>>()?;
    RangeCopy::new(ask.oid, ask.relation.parse()?, &columns, ask.from, ask.to)
}
