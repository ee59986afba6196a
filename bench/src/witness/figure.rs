//! A measured figure, what it must be, and what it should be.

use std::time::Duration;

use crate::spread::shown;

/// A figure that is held against a limit.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    what: String,
    measured: f64,
    unit: &'static str,
    must: Option<f64>,
    aim: Option<f64>,
    /// The least and the most that a round gave.
    spread: Option<(f64, f64)>,
    /// The times behind a ratio.
    times: Option<(Duration, Duration)>,
}

impl Figure {
    /// The median of the rounds' ratios of a time to another's.
    pub(crate) fn ratio(
        what: &str,
        rounds: &[(Duration, Duration)],
        must: f64,
        aim: Option<f64>,
    ) -> Self {
        let mut ratios: Vec<f64> =
            rounds.iter().map(|(of, to)| of.as_secs_f64() / to.as_secs_f64().max(1e-9)).collect();
        ratios.sort_by(f64::total_cmp);
        let first = ratios.first().copied().unwrap_or(f64::NAN);
        let last = ratios.last().copied().unwrap_or(f64::NAN);
        Self {
            what: what.to_owned(),
            measured: median(&ratios),
            unit: "",
            must: Some(must),
            aim,
            spread: Some((first, last)),
            times: Some((
                middle(rounds.iter().map(|(of, _)| *of)),
                middle(rounds.iter().map(|(_, to)| *to)),
            )),
        }
    }

    /// A figure in a unit of its own.
    pub(crate) fn at_most(what: &str, measured: f64, must: f64, unit: &'static str) -> Self {
        Self {
            what: what.to_owned(),
            measured,
            unit,
            must: Some(must),
            aim: None,
            spread: None,
            times: None,
        }
    }

    /// A ratio that nothing is demanded of.
    pub(crate) fn unlimited(self) -> Self {
        Self { must: None, aim: None, ..self }
    }

    fn verdict(&self) -> &'static str {
        match (self.must, self.aim) {
            (None, _) => "",
            (Some(must), _) if self.measured.is_nan() || self.measured > must => "**missed**",
            (_, Some(aim)) if self.measured <= aim => "kept, and the aim reached",
            _ => "kept",
        }
    }
}

/// The time in the middle.
pub(crate) fn middle(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<Duration> = times.collect();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Of sorted numbers.
fn median(sorted: &[f64]) -> f64 {
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// The figures as a Markdown table.
pub(crate) fn table(figures: &[Figure]) -> String {
    let mut lines = vec![
        "| figure | must | aim | measured | of the rounds | times | |".to_owned(),
        "| --- | --- | --- | --- | --- | --- | --- |".to_owned(),
    ];
    let with_unit = |n: f64, unit: &str| {
        let n = if unit == "MiB" { format!("{n:.0}") } else { round(n) };
        if unit.is_empty() { n } else { format!("{n} {unit}") }
    };
    for figure in figures {
        let must = figure.must.map(|n| format!("≤ {}", with_unit(n, figure.unit)));
        let spread =
            figure.spread.map(|(least, most)| format!("{} to {}", round(least), round(most)));
        let times =
            figure.times.map(|(of, to)| format!("{} to {}", shown(Some(of)), shown(Some(to))));
        lines.push(format!(
            "| {} | {} | {} | {} | {} | {} | {} |",
            figure.what,
            must.unwrap_or_default(),
            figure.aim.map(|n| n.to_string()).unwrap_or_default(),
            with_unit(figure.measured, figure.unit),
            spread.unwrap_or_default(),
            times.unwrap_or_default(),
            figure.verdict(),
        ));
    }
    lines.join("\n")
}

fn round(n: f64) -> String {
    format!("{n:.*}", if n.abs() < 0.1 { 3 } else { 2 })
}

/// What one way takes with 1×, 4× and 16× the data.
#[derive(Debug, Clone)]
pub(crate) struct Growth {
    pub(crate) what: String,
    pub(crate) times: [Duration; 3],
}

/// Growth as a Markdown table.
pub(crate) fn growth_table(rows: &[Growth]) -> String {
    let mut lines = vec![
        "| time with | 1× | 4× | 16× | growth |".to_owned(),
        "| --- | --- | --- | --- | --- |".to_owned(),
    ];
    for Growth { what, times: [one, four, sixteen] } in rows {
        let times =
            |n: Duration| format!("{}×", round(n.as_secs_f64() / one.as_secs_f64().max(1e-9)));
        lines.push(format!(
            "| {what} | {} | {} | {} | 1, {}, {} |",
            shown(Some(*one)),
            shown(Some(*four)),
            shown(Some(*sixteen)),
            times(*four),
            times(*sixteen),
        ));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounds(ratios: &[u64]) -> Vec<(Duration, Duration)> {
        ratios.iter().map(|r| (Duration::from_millis(*r), Duration::from_millis(1000))).collect()
    }

    #[test]
    fn a_ratio_is_the_median_of_the_rounds_own_ratios() {
        let slow = (Duration::from_secs(3), Duration::from_secs(10));
        let mut all = rounds(&[100, 900, 200, 250]);
        all.push(slow);
        let figure = Figure::ratio("x", &all, 0.25, Some(0.1));
        assert!((figure.measured - 0.25).abs() < 1e-9);
        assert_eq!(figure.verdict(), "kept");
    }

    #[test]
    fn a_miss_is_shown_as_a_miss() {
        let missed = Figure::ratio("x", &rounds(&[300]), 0.25, Some(0.1));
        let reached = Figure::ratio("y", &rounds(&[90]), 0.25, Some(0.1));
        let nothing = Figure::ratio("z", &[], 0.25, None);
        let table = table(&[missed, reached, nothing]);
        let rows: Vec<&str> = table.lines().skip(2).collect();
        assert_eq!(
            rows[0],
            "| x | ≤ 0.25 | 0.1 | 0.30 | 0.30 to 0.30 | 300 ms to 1.0 s | **missed** |"
        );
        assert!(rows[1].ends_with("| kept, and the aim reached |"), "{}", rows[1]);
        assert!(rows[2].ends_with("| **missed** |"), "{}", rows[2]);
    }
}
