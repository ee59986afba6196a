//! Long computations, each in a thread of its own.
//!
//! One task waits for all readers. While it computes it can't give any of them something to do, and the server idles.

use clonegate_model::{Reading, Value};
use futures_channel::oneshot;

/// Bytes of text in an answer that are read in less time than a thread takes to start, several times over.
const SHORT: usize = 16 * 1024;

/// Reads an answer, aside where it is long.
pub(crate) async fn read<T: Send + 'static>(
    reading: Reading,
    read: impl FnOnce(&Reading) -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let texts = reading.rows.iter().flatten().filter_map(Value::as_text);
    if texts.map(str::len).sum::<usize>() <= SHORT {
        return read(&reading);
    }
    compute(move || read(&reading)).await?
}

/// Computes something aside.
pub(crate) async fn compute<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, String> {
    let (done, outcome) = oneshot::channel();
    std::thread::Builder::new()
        .name("witness".to_owned())
        .spawn(move || drop(done.send(work())))
        .map_err(|e| format!("no thread could be started to read the answer: {e}"))?;
    outcome.await.map_err(|_| "this program failed while it read the answer; report it".to_owned())
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn reading(text: String) -> Reading {
        Reading {
            columns: vec!["batch".into()],
            rows: vec![vec![Value::Text(text)]],
            truncated: false,
        }
    }

    fn length(reading: &Reading) -> Result<usize, String> {
        Ok(reading.rows[0][0].as_text().map_or(0, str::len))
    }

    #[test]
    fn a_short_answer_is_read_at_once_and_a_long_one_aside() {
        let short = reading("x".repeat(SHORT));
        assert_eq!(read(short, length).now_or_never(), Some(Ok(SHORT)));
        let here = std::thread::current().id();
        let elsewhere = move |_: &Reading| Ok(std::thread::current().id() != here);
        let long = reading("x".repeat(SHORT + 1));
        assert_eq!(futures_executor::block_on(read(long, elsewhere)), Ok(true));
    }

    #[test]
    fn what_panics_aside_is_no_answer() {
        let outcome = futures_executor::block_on(compute(|| -> u8 { panic!("on purpose") }));
        assert!(outcome.is_err());
    }
}
