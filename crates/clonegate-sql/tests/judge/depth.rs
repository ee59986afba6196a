//! No text overflows a stack or keeps the judge for long.

use std::time::{Duration, Instant};

use clonegate_sql::{MAX_STATEMENT_BYTES, ReadOnlyStatement};

/// Texts that nest, or chain, as deep as their length allows. `{}` stands for the repeated part's number.
fn deepest(bytes: usize) -> Vec<(String, String)> {
    let repeated = |head: &str, part: &str, middle: &str, tail: &str| {
        let fixed = head.len() + middle.len();
        let times = bytes.saturating_sub(fixed) / (part.len() + tail.len()).max(1);
        let text = format!("{head}{}{middle}{}", part.repeat(times), tail.repeat(times));
        (format!("{head}{part}…{tail}"), text)
    };
    vec![
        repeated("select ", "(", "1", ")"),
        repeated("select ", "array[", "1", "]"),
        repeated("select ", "not ", "true", ""),
        repeated("select ", "- ", "1", ""),
        repeated("select ", "~ ", "1", ""),
        repeated("select ", "@ ", "1", ""),
        repeated("select 1", "+1", "", ""),
        repeated("select 1", "=1", "", ""),
        repeated("select 1", "^1", "", ""),
        repeated("select 1", "@1", "", ""),
        repeated("select 1", "<1", "", ""),
        repeated("select a", " or a", "", ""),
        repeated("select a", " and a", "", ""),
        repeated("select a", " between a and a", "", ""),
        repeated("select a", " in(1)", "", ""),
        repeated("select a", " is null", "", ""),
        repeated("select a", " like a escape a", "", ""),
        repeated("select a", " at time zone a", "", ""),
        repeated("select a", "::int", "", ""),
        repeated("select a", " collate c", "", ""),
        repeated("select a", ".b", "", ""),
        repeated("select a", "[1]", "", ""),
        repeated("select a", "(1)", "", ""),
        repeated("select f", ".f", "(1)", ""),
        repeated("select ", "case when a then ", "1", " end"),
        repeated("select ", "case ", "", ""),
        repeated("select ", "f(", "1", ")"),
        repeated("select ", "upper(", "1", ")"),
        repeated("select ", "cast(", "1", " as int)"),
        repeated("select ", "exists(select ", "1", ")"),
        repeated("select 1", ",1", "", ""),
        repeated("select 1", " union select 1", "", ""),
        repeated("select 1", " except select 1", "", ""),
        repeated("", "(", "select 1", ")"),
        repeated("", "(select 1 union ", "select 1", ")"),
        repeated("", "explain ", "select 1", ""),
        repeated("select * from ", "(", "a", ")"),
        repeated("select * from ", "(select * from ", "a", ")a"),
        repeated("select * from a", " join a on a", "", ""),
        repeated("select * from a", " join a", "", ""),
        repeated("select * from a", ",a", "", ""),
        repeated("select * from a", " natural join a", "", ""),
        repeated("", "with a as (", "select 1", ") select 1"),
        repeated("with a as (select 1)", ",a as (select 1)", " select 1", ""),
        repeated("select ", "/*", "1", "*/"),
        repeated("select ", "/*", "", ""),
        repeated("select ", "$a$", "", ""),
        repeated("select ", "$a", "", ""),
        repeated("select ", "'", "", ""),
        repeated("select 'a'", "\n'a'", "", ""),
        repeated("select e'a'", "\n'a'", "", ""),
        repeated("select ", "\"", "", ""),
        repeated("select ", "+", "1", ""),
        repeated("select ", "?", "1", ""),
        repeated("select ", "[", "", ""),
        repeated("select ", "interval ", "'1'", ""),
        repeated("select a::int", "[]", "", ""),
        repeated("select a::", "a.", "a", ""),
        repeated("select row", "(row", "(1)", ")"),
        repeated("", ";", "select 1", ""),
        repeated("select 1", ";select 1", "", ""),
        repeated("values(1)", ",(1)", "", ""),
        repeated("select ", "a ", "", ""),
        repeated("", "select ", "", ""),
        repeated("select a", " over(", "", ")"),
        repeated("select ", "json_object(a:", "1", ")"),
        repeated("select ", "a operator(a.+) ", "a", ""),
        repeated("select ", "operator(", "", ""),
        repeated("select * from json_table(a,'' columns (", "nested '' columns (", "a int", ")"),
        repeated("select ", "é", "", ""),
        repeated("", "(", "", ""),
        repeated("", ")", "", ""),
    ]
}

#[test]
fn the_deepest_texts_are_judged_in_bounded_time() {
    let mut slow = Vec::new();
    for (name, text) in deepest(MAX_STATEMENT_BYTES) {
        assert!(text.len() <= MAX_STATEMENT_BYTES);
        let begin = Instant::now();
        let _ = ReadOnlyStatement::judge(&text);
        let took = begin.elapsed();
        // Two seconds where nothing else runs; the machine may be busy.
        if took > Duration::from_secs(60) {
            slow.push(format!("{name}: {took:?}"));
        }
    }
    assert!(slow.is_empty(), "{}", slow.join("\n"));
}

/// As many words and signs as are judged without a thread, on half of the stack that a thread has.
#[test]
fn what_is_judged_without_a_stack_of_its_own_fits_into_half_of_a_threads() {
    let judging = std::thread::Builder::new().stack_size(1024 * 1024).spawn(|| {
        for bytes in [40, 80, 120, 126, 130, 200, 300, 500, 1000, 1500] {
            for (_, text) in deepest(bytes) {
                let _ = ReadOnlyStatement::judge(&text);
            }
        }
    });
    judging.expect("a thread").join().expect("it fits");
}

#[test]
#[ignore = "a measurement, for people: cargo test --release -p clonegate-sql -- --ignored --nocapture"]
fn how_long_judging_takes() {
    use std::io::Write as _;
    let mut out = std::io::stdout();
    let honest = crate::corpus::honest();
    let texts = [("select 1", "select 1".to_owned())]
        .into_iter()
        .chain(honest.iter().map(|s| ("honest", s.sql.clone())))
        .chain(deepest(MAX_STATEMENT_BYTES).into_iter().map(|(_, text)| ("deep", text)));
    for (kind, text) in texts {
        let begin = Instant::now();
        let mut rounds = 0;
        while rounds < 1000 && begin.elapsed() < Duration::from_millis(50) {
            let _ = ReadOnlyStatement::judge(&text);
            rounds += 1;
        }
        let start: String = text.chars().take(40).collect();
        writeln!(out, "{kind} {} bytes {:?} {start:?}", text.len(), begin.elapsed() / rounds)
            .expect("it can be written");
    }
}
