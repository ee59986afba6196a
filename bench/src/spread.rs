//! How measured times are spread.

use std::time::Duration;

/// Times of one thing, done many times.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spread(Vec<Duration>);

impl Spread {
    pub(crate) fn add(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub(crate) fn extend(&mut self, other: Spread) {
        self.0.extend(other.0);
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The time that a part of all stays within; `None` of nothing.
    pub(crate) fn quantile(&self, part: f64) -> Option<Duration> {
        let mut times = self.0.clone();
        times.sort_unstable();
        let at = ((times.len() as f64 * part).ceil() as usize).saturating_sub(1);
        times.get(at).copied()
    }

    pub(crate) fn median(&self) -> Option<Duration> {
        self.quantile(0.5)
    }
}

/// A time as a person reads it.
pub(crate) fn shown(time: Option<Duration>) -> String {
    match time {
        None => "—".to_owned(),
        Some(time) if time < Duration::from_millis(10) => {
            format!("{:.2} ms", time.as_secs_f64() * 1e3)
        }
        Some(time) if time < Duration::from_secs(1) => format!("{} ms", time.as_millis()),
        Some(time) => format!("{:.1} s", time.as_secs_f64()),
    }
}

/// One time as a multiple of another.
pub(crate) fn ratio(of: Option<Duration>, to: Option<Duration>) -> String {
    match (of, to) {
        (Some(of), Some(to)) if !to.is_zero() => {
            format!("{:.2}", of.as_secs_f64() / to.as_secs_f64())
        }
        _ => "—".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_time_that_was_measured() {
        let mut spread = Spread::default();
        assert_eq!(spread.median(), None);
        for ms in (1..=100).rev() {
            spread.add(Duration::from_millis(ms));
        }
        assert_eq!(spread.median(), Some(Duration::from_millis(50)));
        assert_eq!(spread.quantile(0.99), Some(Duration::from_millis(99)));
        assert_eq!(spread.quantile(1.0), Some(Duration::from_millis(100)));
    }
}
