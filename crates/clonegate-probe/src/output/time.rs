//! Dates, times and intervals in ISO style (`timestamp_out`, `interval_out`).

use super::Malformed;

const MICROS_A_SECOND: i64 = 1_000_000;
const MICROS_A_DAY: i64 = 86_400 * MICROS_A_SECOND;
/// 2000-01-01, in days since 1970-01-01.
const POSTGRES_EPOCH: i64 = 10_957;

/// Whether the zone is shown. It is always UTC: the channel's sessions are.
#[derive(Clone, Copy)]
pub(super) enum Zone {
    None,
    Utc,
}

pub(super) fn timestamp(micros: i64, zone: Zone) -> Result<String, Malformed> {
    match micros {
        i64::MAX => return Ok("infinity".to_owned()),
        i64::MIN => return Ok("-infinity".to_owned()),
        _ => {}
    }
    let (date, era) = day(micros.div_euclid(MICROS_A_DAY));
    let clock = time(micros.rem_euclid(MICROS_A_DAY))?;
    let zone = match zone {
        Zone::None => "",
        Zone::Utc => "+00",
    };
    Ok(format!("{date} {clock}{zone}{era}"))
}

pub(super) fn date(days: i32) -> String {
    match days {
        i32::MAX => "infinity".to_owned(),
        i32::MIN => "-infinity".to_owned(),
        _ => {
            let (date, era) = day(i64::from(days));
            format!("{date}{era}")
        }
    }
}

/// The proleptic Gregorian date of a day since 2000-01-01, and ` BC` where it is.
///
/// Howard Hinnant's `civil_from_days`.
fn day(days: i64) -> (String, &'static str) {
    let z = days + POSTGRES_EPOCH + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let d = doy - (153 * mp + 2) / 5 + 1;
    let m = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(m <= 2);
    let (year, bc) = if year > 0 { (year, "") } else { (1 - year, " BC") };
    (format!("{year:04}-{m:02}-{d:02}"), bc)
}

pub(super) fn time(micros: i64) -> Result<String, Malformed> {
    // 24:00:00 is a time of its own.
    if !(0..=MICROS_A_DAY).contains(&micros) {
        return Err(Malformed);
    }
    let seconds = micros / MICROS_A_SECOND;
    Ok(format!(
        "{:02}:{:02}:{:02}{}",
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60,
        fraction(micros.unsigned_abs())
    ))
}

/// The decimals of a second, without trailing zeros.
fn fraction(micros: u64) -> String {
    match micros % 1_000_000 {
        0 => String::new(),
        rest => format!(".{rest:06}").trim_end_matches('0').to_owned(),
    }
}

/// `west` is in seconds, as the server keeps it.
pub(super) fn time_with_zone(micros: i64, west: i32) -> Result<String, Malformed> {
    let clock = time(micros)?;
    let sign = if west > 0 { '-' } else { '+' };
    let offset = west.unsigned_abs();
    let mut zone = format!("{sign}{:02}", offset / 3_600);
    let (minutes, seconds) = (offset / 60 % 60, offset % 60);
    if minutes != 0 || seconds != 0 {
        zone.push_str(&format!(":{minutes:02}"));
    }
    if seconds != 0 {
        zone.push_str(&format!(":{seconds:02}"));
    }
    Ok(format!("{clock}{zone}"))
}

/// `IntervalStyle` postgres: `1 year 2 mons -3 days +04:05:06.7`.
pub(super) fn interval(months: i32, days: i32, micros: i64) -> Result<String, Malformed> {
    // Version 17 prints these as infinities and the ones before as very long times: which one it
    // is can't be known from here.
    if (months, days, micros) == (i32::MAX, i32::MAX, i64::MAX)
        || (months, days, micros) == (i32::MIN, i32::MIN, i64::MIN)
    {
        return Err(Malformed);
    }
    let mut out = String::new();
    let mut after_negative = false;
    for (amount, unit) in [(months / 12, "year"), (months % 12, "mon"), (days, "day")] {
        if amount == 0 {
            continue;
        }
        let space = if out.is_empty() { "" } else { " " };
        let plus = if after_negative && amount > 0 { "+" } else { "" };
        let plural = if amount == 1 { "" } else { "s" };
        out.push_str(&format!("{space}{plus}{amount} {unit}{plural}"));
        after_negative = amount < 0;
    }
    if out.is_empty() || micros != 0 {
        let space = if out.is_empty() { "" } else { " " };
        let sign = match (micros < 0, after_negative) {
            (true, _) => "-",
            (false, true) => "+",
            (false, false) => "",
        };
        let absolute = micros.unsigned_abs();
        let seconds = absolute / 1_000_000;
        out.push_str(&format!(
            "{space}{sign}{:02}:{:02}:{:02}{}",
            seconds / 3_600,
            seconds / 60 % 60,
            seconds % 60,
            fraction(absolute)
        ));
    }
    Ok(out)
}
