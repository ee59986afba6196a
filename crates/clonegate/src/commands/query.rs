//! `clonegate query`.

mod render;

use std::io::{IsTerminal, Read};
use std::path::Path;

use clonegate_model::Exit;
use clonegate_profile::ProductionProfile;
use clonegate_query::{Caller, QueryError, QueryService, QueryVerdict, Served, new_run_id};
use clonegate_sql::MAX_STATEMENT_BYTES;
use clonegate_store::Store;

use super::Failure;
use crate::cli;
use crate::console::Console;
use crate::signals;

pub(super) async fn run(
    options: cli::Query,
    store: &Store,
    console: &Console,
) -> Result<Exit, Failure> {
    if options.csv && console.wants_json() {
        return Err(Failure::Usage("an answer is printed as --json or as --csv".to_owned()));
    }
    let profile = load(&options.config)?;
    let sql = statement(options.sql)?;
    let run = new_run_id().map_err(|e| Failure::Usage(e.to_string()))?;
    let service =
        QueryService::for_one_question(&profile, run, store.root()).map_err(Failure::Service)?;
    let database = options.database.unwrap_or_else(|| service.databases()[0].to_string());
    let caller = caller();
    console.doing("asking production");
    let asked = tokio::select! {
        asked = service.query(&caller, &database, &sql) => asked,
        () = signals::next() => Err(QueryError::Cancelled),
    };
    // Whatever came of it: the cancel request must be out, and the server's side must have ended.
    // Who does not want to wait for that sends another signal.
    tokio::select! {
        () = service.close() => {}
        () = signals::next() => {}
    }
    console.rest();
    let served = asked.map_err(Failure::Query)?;
    if console.wants_json() {
        console.print(&render::json(&served, service.run()));
    } else if options.csv {
        console.print_exactly(&render::csv(&served.reading, reader(console)));
    } else {
        console.print(&render::table(&served.reading, reader(console)));
    }
    console.note(&summary(&served));
    Ok(Exit::Pass)
}

fn reader(console: &Console) -> render::Reader {
    if console.prints_to_a_terminal() { render::Reader::Terminal } else { render::Reader::Program }
}

fn load(config: &Path) -> Result<ProductionProfile, Failure> {
    ProductionProfile::load(config).map_err(|e| Failure::Profile(Box::new(e)))
}

/// The argument, or what comes from standard input: as much as the judge reads, and one byte that
/// tells it that there is more.
fn statement(given: Option<String>) -> Result<String, Failure> {
    match given {
        Some(sql) if sql != "-" => return Ok(sql),
        None if std::io::stdin().is_terminal() => {
            return Err(Failure::Usage(
                "there is no statement; write it behind the options, or pipe it in".to_owned(),
            ));
        }
        _ => {}
    }
    let mut bytes = Vec::new();
    let most = MAX_STATEMENT_BYTES as u64 + 1;
    std::io::stdin().lock().take(most).read_to_end(&mut bytes).map_err(|e| {
        Failure::Usage(format!("the statement can't be read from standard input: {e}"))
    })?;
    if bytes.len() > MAX_STATEMENT_BYTES {
        // A character may have been cut in two; the judge only looks at the length.
        return Ok(String::from_utf8_lossy(&bytes).into_owned());
    }
    String::from_utf8(bytes)
        .map_err(|_| Failure::Usage("the statement on standard input is not UTF-8".to_owned()))
}

/// Who asks, in their own words: for the audit log's reader, and no proof.
fn caller() -> Caller {
    let names = ["USER", "LOGNAME", "USERNAME"];
    let name = names.iter().find_map(|name| std::env::var(name).ok().filter(|n| !n.is_empty()));
    Caller::cleaned(&format!("cli:{}", name.as_deref().unwrap_or("unnamed")))
}

fn summary(served: &Served) -> String {
    let reading = &served.reading;
    let count = reading.rows.len();
    let rows = if count == 1 { "row" } else { "rows" };
    let more = if reading.truncated {
        format!(
            "; there are more, and {} are let through: narrow it, or go on behind the last one",
            served.limits.rows
        )
    } else {
        String::new()
    };
    format!(
        "{count} {rows}, {} bytes in {:.1} ms from {} (number {} in the audit log){more}",
        served.bytes,
        served.elapsed.as_secs_f64() * 1000.0,
        served.database,
        served.id,
    )
}

/// What a person at the command line is told; never data of the database.
pub(super) fn explain(error: &QueryError) -> String {
    let what = match error.verdict() {
        QueryVerdict::Refused => "refused",
        QueryVerdict::Breach => "BREACH",
        QueryVerdict::Cancelled => return "cancelled: the server was told to stop".to_owned(),
        QueryVerdict::Failed | QueryVerdict::Answered => "error",
    };
    // A refusal has its rule and hint in its own words already.
    if let QueryError::Refused(refusal) = error {
        return render::plain(&format!("{what}: {refusal}"));
    }
    let mut text = format!("{what}: {error} [{}]", error.rule());
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&format!("; because {cause}"));
        source = cause.source();
    }
    format!("{}\n  {}", render::plain(&text), render::plain(&error.hint()))
}
