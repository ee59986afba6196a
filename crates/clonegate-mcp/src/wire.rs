//! What crosses standard input and output: messages of a bounded size in, answers out no faster
//! than somebody reads them.

use std::io;
use std::time::Duration;

use rmcp::RoleServer;
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The largest message that is read. A statement may have 32 KiB, which JSON can spell in six times
/// as many bytes.
pub(crate) const MAX_MESSAGE_BYTES: usize = 1 << 20;

/// The method that stands for a message that was too large.
pub(crate) const TOO_LARGE: &str = "clonegate/message-too-large";

/// The method that stands for a request that has not the protocol's shape.
pub(crate) const MISSHAPEN: &str = "clonegate/message-not-understood";

/// How many answers may wait until the client reads them, before nothing more is read from it.
const MOST_UNWRITTEN: usize = 8;

/// How long calls that are under way may go on when the client has closed its end. Hosts kill a
/// server that takes two seconds.
const FAREWELL: Duration = Duration::from_secs(1);

/// Copies messages, one a line, until the client closes its end; then `closing` is cancelled.
///
/// A message that is too large is never held whole, and one that has not the protocol's shape would
/// be answered without its id: what passes on in their place is a request with their id that the
/// server answers with an error, so that nobody waits for an answer that never comes.
pub(crate) async fn pump(
    input: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    closing: CancellationToken,
) {
    let copied = copy(BufReader::new(input), &mut to).await;
    if let Err(error) = copied {
        tracing::warn!(%error, "standard input can't be read any more");
    }
    // The server sees the end of its input here, and waits for what is under way.
    drop(to);
    tokio::time::sleep(FAREWELL).await;
    closing.cancel();
}

async fn copy<R: AsyncRead + Unpin>(
    mut input: BufReader<R>,
    to: &mut (impl AsyncWrite + Unpin),
) -> io::Result<()> {
    let mut line: Vec<u8> = Vec::new();
    let mut oversized: Option<IdScanner> = None;
    loop {
        let available = input.fill_buf().await?;
        if available.is_empty() {
            return Ok(());
        }
        let end = available.iter().position(|b| *b == b'\n');
        let part = &available[..end.map_or(available.len(), |at| at + 1)];
        match &mut oversized {
            Some(scanner) => scanner.feed(part),
            None if line.len() + part.len() <= MAX_MESSAGE_BYTES => line.extend_from_slice(part),
            None => {
                let mut scanner = IdScanner::default();
                scanner.feed(&line);
                scanner.feed(part);
                line = Vec::new();
                oversized = Some(scanner);
            }
        }
        let read = part.len();
        input.consume(read);
        if end.is_none() {
            continue;
        }
        match oversized.take() {
            None => match misshapen(&line) {
                Some(id) => to.write_all(stand_in(&id, MISSHAPEN).as_bytes()).await?,
                None => to.write_all(&line).await?,
            },
            Some(scanner) => {
                tracing::warn!(limit = MAX_MESSAGE_BYTES, "a message was too large to be read");
                if let Some(id) = scanner.id() {
                    to.write_all(stand_in(&id, TOO_LARGE).as_bytes()).await?;
                }
            }
        }
        line.clear();
    }
}

/// The id of a request that is JSON and not a message of the protocol.
fn misshapen(line: &[u8]) -> Option<String> {
    let error = serde_json::from_slice::<RxJsonRpcMessage<RoleServer>>(line).err()?;
    if error.classify() != serde_json::error::Category::Data {
        return None;
    }
    let mut scanner = IdScanner::default();
    scanner.feed(line);
    scanner.id()
}

fn stand_in(id: &str, method: &str) -> String {
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"{method}\"}}\n")
}

/// Finds the `id` of a JSON object that goes by and is not kept.
#[derive(Debug, Default)]
struct IdScanner {
    depth: usize,
    in_string: bool,
    escaped: bool,
    /// Whether the value that goes by is the id's.
    at_id: bool,
    /// The key or value that goes by, at the object's own level.
    token: Vec<u8>,
    id: Option<Vec<u8>>,
}

impl IdScanner {
    /// No id is longer.
    const LONGEST: usize = 256;

    fn feed(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.step(*byte);
        }
    }

    fn step(&mut self, byte: u8) {
        if self.in_string {
            self.keep(byte);
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => {
                self.in_string = true;
                self.keep(byte);
            }
            b'{' | b'[' => {
                self.depth += 1;
                self.token.clear();
            }
            b'}' | b']' => {
                self.end_value();
                self.depth = self.depth.saturating_sub(1);
            }
            b',' => self.end_value(),
            b':' if self.depth == 1 => {
                self.at_id = self.token == b"\"id\"";
                self.token.clear();
            }
            _ if byte.is_ascii_whitespace() => {}
            _ => self.keep(byte),
        }
    }

    fn keep(&mut self, byte: u8) {
        if self.depth == 1 && self.token.len() <= Self::LONGEST {
            self.token.push(byte);
        }
    }

    fn end_value(&mut self) {
        if self.depth == 1 {
            let token = std::mem::take(&mut self.token);
            if std::mem::take(&mut self.at_id) {
                self.id = Some(token);
            }
        }
    }

    /// The id as JSON, where it is a whole number or a text.
    fn id(self) -> Option<String> {
        let id: serde_json::Value = serde_json::from_slice(&self.id?).ok()?;
        (id.is_string() || id.is_i64()).then(|| id.to_string())
    }
}

/// A transport that reads nothing more while too many answers wait to be read.
pub(crate) struct Paced<T> {
    inner: T,
    unwritten: watch::Sender<usize>,
}

impl<T> Paced<T> {
    pub(crate) fn new(inner: T) -> Self {
        Self { inner, unwritten: watch::Sender::new(0) }
    }
}

/// An answer that nobody has read yet.
struct Unwritten(watch::Sender<usize>);

impl Drop for Unwritten {
    fn drop(&mut self) {
        self.0.send_modify(|n| *n -= 1);
    }
}

impl<T: Transport<RoleServer>> Transport<RoleServer> for Paced<T> {
    type Error = T::Error;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send + 'static {
        self.unwritten.send_modify(|n| *n += 1);
        let waits = Unwritten(self.unwritten.clone());
        let sent = self.inner.send(item);
        async move {
            let sent = sent.await;
            drop(waits);
            sent
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        // The sender is this transport's own, so that the wait ends by the count alone.
        let mut room = self.unwritten.subscribe();
        let _ = room.wait_for(|waiting| *waiting < MOST_UNWRITTEN).await;
        drop(room);
        self.inner.receive().await
    }

    async fn close(&mut self) -> Result<(), Self::Error> {
        self.inner.close().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn through(input: &[u8]) -> String {
        let mut out = Vec::new();
        copy(BufReader::with_capacity(7, input), &mut out).await.unwrap();
        String::from_utf8(out).unwrap()
    }

    fn large(before: &str, after: &str) -> String {
        format!("{before}{}{after}\n", "x".repeat(MAX_MESSAGE_BYTES))
    }

    #[tokio::test]
    async fn a_message_of_a_usual_size_passes_unchanged() {
        let text = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\n\nnot json\n";
        assert_eq!(through(text.as_bytes()).await, text);
    }

    #[tokio::test]
    async fn a_message_that_is_too_large_is_answered_by_its_id_wherever_that_stands() {
        for (before, after, id) in [
            (r#"{"jsonrpc":"2.0","id":7,"method":"m","params":{"id":1,"sql":""#, r#""}}"#, "7"),
            (r#"{"method":"m","params":{"sql":""#, r#"\"}","id":2},"id": "a-\"9" }"#, r#""a-\"9""#),
            (r#"{"params":[{"id":3},"\\","#, r#"],"id":-4}"#, "-4"),
        ] {
            let next = "{\"next\":true}\n";
            let passed = through(format!("{}{next}", large(before, after)).as_bytes()).await;
            assert_eq!(passed, format!("{}{next}", stand_in(id, TOO_LARGE)), "{before}");
        }
    }

    #[tokio::test]
    async fn a_request_of_another_shape_is_answered_by_its_id() {
        let odd = r#"{"jsonrpc":"2.0","id":"a","method":"tools/call","params":[]}"#;
        assert_eq!(through(format!("{odd}\n").as_bytes()).await, stand_in("\"a\"", MISSHAPEN));
        // Nobody waits for an answer to these, or they are somebody else's.
        for passes in [
            r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":7}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":"of/the/future","params":{"a":1}}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
            r#"{"jsonrpc":"2.0","id":1"#,
        ] {
            assert_eq!(through(format!("{passes}\n").as_bytes()).await, format!("{passes}\n"));
        }
    }

    #[tokio::test]
    async fn a_message_that_is_too_large_and_has_no_id_is_dropped() {
        for (before, after) in [
            ("{\"method\":\"m\",\"p\":\"", "\"}"),
            ("{\"id\":null,\"p\":\"", "\"}"),
            ("{\"id\":{\"id\":1},\"p\":\"", "\"}"),
            ("{\"id\":\"", "\"}"),
            ("", ""),
        ] {
            let passed = through(large(before, after).as_bytes()).await;
            assert_eq!(passed, "", "{before}");
        }
    }

    proptest::proptest! {
        #[test]
        fn the_scanner_finds_what_the_parser_finds(
            keys in proptest::collection::vec(("[a-z\"\\\\{},:]{0,4}", "\\PC{0,8}"), 0..5),
            id in "[\\PC]{0,12}",
        ) {
            let mut object = serde_json::Map::new();
            for (key, value) in keys {
                object.insert(key.clone(), serde_json::json!({ key: [value, 1, {}] }));
            }
            object.insert("id".to_owned(), id.clone().into());
            let mut scanner = IdScanner::default();
            scanner.feed(serde_json::Value::from(object).to_string().as_bytes());
            let found: Option<String> = scanner.id().map(|id| serde_json::from_str(&id).unwrap());
            proptest::prop_assert_eq!(found, Some(id));
        }
    }
}
