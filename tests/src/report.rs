//! The whole report of a clean run, as a reader sees it.

use regex::Regex;

use crate::harness::Trial;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_report() {
    let trial = Trial::new().await;
    let ended = trial.gate().await;
    assert_eq!(ended.code, Some(0), "{}", ended.said());
    insta::assert_snapshot!(redacted(&trial.report()));
}

/// Times, ids and places, which differ from run to run; numbers of rows and definitions stay.
fn redacted(report: &str) -> String {
    let mut text = report.to_owned();
    for (pattern, to) in [
        (r"\d{8}-\d{6}-[0-9a-f]{8}", "<run>"),
        (r"20260602x[0-9a-f]{8}", "20260602x<run>"),
        (r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2} UTC", "<time>"),
        (r"\(entry, \d{4}-\d{2}-\d{2}\)", "(entry, <date>)"),
        (r"\d+\.\d s;", "<duration>;"),
        (r"\d+ ms", "<duration>"),
        (r"[0-9a-f]{64}", "<sha256>"),
        (r"`[0-9a-f]{12}…`", "`<sha256>…`"),
        (r"\([0-9a-f]{12}…\)", "(<sha256>…)"),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:<port>"),
        (r"-p \d+", "-p <port>"),
        (r"`/[^ ]*/psql ", "`<bin>/psql "),
        (r"oid \d+", "oid <oid>"),
        (r"\d+:\d+:[0-9,]* → \d+:\d+:[0-9,]*", "<horizon> → <horizon>"),
        (r"…` \| \d+ \|", "…` | <xid> |"),
        (r"\d+ definitions", "<n> definitions"),
        (
            r"apart: production's \d+ s, the clone's \d+ s",
            "apart: production's <n> s, the clone's <n> s",
        ),
        (r"[0-9.]+ [KMGT]iB free for [0-9.]+ [KMGT]iB", "<free> free for <size>"),
        (r"\d+\.\d [KM]iB", "<size>"),
        (
            r"none in \d+ looks, at most \d+\.\d s apart; the server counted \d+ sessions",
            "none in <n> looks, at most <duration> apart; the server counted <n> sessions",
        ),
        (r"definitions added \| at most 400 \| \d+", "definitions added | at most 400 | <n>"),
    ] {
        text = Regex::new(pattern).expect("a pattern").replace_all(&text, to).into_owned();
    }
    text
}
