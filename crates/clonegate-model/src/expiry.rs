//! Until when something lasts, as people write it.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Reads `14d`, `36h`, `2w` (from now), a date (`2026-12-24`, its beginning in UTC) or a time stamp. `None` where it is
/// nothing of these, or more than ten years.
#[must_use]
pub fn expiry(text: &str, now: Timestamp) -> Option<Timestamp> {
    let at = if let Ok(at) = text.parse::<Timestamp>() {
        at
    } else if let Ok(date) = text.parse::<Date>() {
        date.to_zoned(TimeZone::UTC).ok()?.timestamp()
    } else {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let hours = match &text[digits.len()..] {
            "h" => 1,
            "d" => 24,
            "w" => 7 * 24,
            _ => return None,
        };
        let hours = digits.parse::<u32>().ok().filter(|n| *n > 0)?.checked_mul(hours)?;
        now.checked_add(SignedDuration::from_hours(i64::from(hours))).ok()?
    };
    let latest = now.checked_add(SignedDuration::from_hours(10 * 366 * 24)).ok()?;
    (at <= latest).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_dates_and_time_stamps_are_understood() {
        let now: Timestamp = "2026-11-26T12:00:00Z".parse().unwrap();
        let at = |text: &str| expiry(text, now).map(|t| t.to_string());
        assert_eq!(at("2w").as_deref(), Some("2026-12-10T12:00:00Z"));
        assert_eq!(at("14d"), at("2w"));
        assert_eq!(at("1h").as_deref(), Some("2026-11-26T13:00:00Z"));
        assert_eq!(at("2026-12-24").as_deref(), Some("2026-12-24T00:00:00Z"));
        assert_eq!(at("2026-12-24T08:00:00+01:00").as_deref(), Some("2026-12-24T07:00:00Z"));
        for wrong in ["", "d", "0d", "14", "-1d", "14y", "4000w", "2126-01-01", "soon"] {
            assert_eq!(at(wrong), None, "{wrong}");
        }
    }
}
