//! The load guard and the time budget: reading waits while the server is busy, and ends when it has
//! waited or read for too long.

use std::time::{Duration, Instant};

use clonegate_model::{Reading, Value};

use crate::plan::LoadLimits;
use crate::reader::Unread;
use crate::template::fill;

const LOAD: &str = include_str!("../../../sql/engine/witness/load.sql");

/// How often the server is asked.
const INTERVAL: Duration = Duration::from_secs(2);
/// How long is waited before it is asked again. Shorter than any idle time-out of a transaction.
const PAUSE: Duration = Duration::from_secs(1);

/// Decides whether reading goes on.
#[derive(Debug)]
pub(crate) struct Guard {
    limits: LoadLimits,
    begun: Instant,
    budget: Duration,
    asked: Option<Instant>,
    busy: bool,
    waited: Duration,
    /// When the last pause began. Several readers wait at once, and their time is not added up.
    paused: Option<Instant>,
    over: Option<String>,
}

impl Guard {
    pub(crate) fn new(limits: LoadLimits, budget: Duration) -> Self {
        Self {
            limits,
            begun: Instant::now(),
            budget,
            asked: None,
            busy: false,
            waited: Duration::ZERO,
            paused: None,
            over: None,
        }
    }

    /// What is to be asked before the next statement, if anything is.
    pub(crate) fn question(&mut self) -> Option<String> {
        let limited = self.limits.active_sessions.is_some() || self.limits.replica_lag.is_some();
        let due = self.busy || self.asked.is_none_or(|at| at.elapsed() >= INTERVAL);
        if !limited || !due || self.is_over() {
            return None;
        }
        self.asked = Some(Instant::now());
        Some(fill(LOAD, &[]))
    }

    /// How long to wait, if the server is too busy.
    pub(crate) fn decide(
        &mut self,
        answer: Result<Reading, Unread>,
        now: Instant,
    ) -> Option<Duration> {
        let too_busy = match &answer {
            Ok(reading) => self.too_busy(reading),
            Err(unread) => Some(format!("its load could not be asked: {unread}")),
        };
        let Some(why) = too_busy else {
            self.busy = false;
            return None;
        };
        self.busy = true;
        if self.waited >= self.limits.patience {
            let waited = self.waited.as_secs();
            self.over.get_or_insert(format!("the server was too busy for {waited} s: {why}"));
            return None;
        }
        tracing::info!(%why, "waiting for the server");
        if self.paused.is_none_or(|paused| now.saturating_duration_since(paused) >= PAUSE) {
            self.paused = Some(now);
            self.waited += PAUSE;
        }
        Some(PAUSE)
    }

    fn too_busy(&self, reading: &Reading) -> Option<String> {
        let number = |column: &str| reading.single(column).and_then(Value::as_integer);
        let active = number("active").and_then(|n| u64::try_from(n).ok());
        let lag = number("lag").and_then(|n| u64::try_from(n).ok());
        if let (Some(limit), Some(active)) = (self.limits.active_sessions, active)
            && active > limit
        {
            return Some(format!("{active} sessions are at work, and {limit} may be"));
        }
        if let (Some(limit), Some(lag)) = (self.limits.replica_lag, lag)
            && lag > limit.as_secs()
        {
            return Some(format!("a standby is {lag} s behind, and {} may be", limit.as_secs()));
        }
        None
    }

    pub(crate) fn is_over(&mut self) -> bool {
        if self.over.is_none() && self.begun.elapsed() >= self.budget {
            let seconds = self.budget.as_secs_f64();
            self.over =
                Some(format!("the time budget of {seconds} s was used up before it was read"));
        }
        self.over.is_some()
    }

    pub(crate) fn why_over(&self) -> Option<String> {
        self.over.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(active: i64, lag: Value) -> Result<Reading, Unread> {
        Ok(Reading {
            columns: vec!["active".into(), "lag".into()],
            rows: vec![vec![Value::Integer(active), lag]],
            truncated: false,
        })
    }

    fn guard() -> Guard {
        let limits = LoadLimits {
            active_sessions: Some(10),
            replica_lag: Some(Duration::from_secs(5)),
            patience: Duration::from_secs(2),
        };
        Guard::new(limits, Duration::from_secs(60))
    }

    #[test]
    fn a_busy_server_is_waited_for_and_then_given_up() {
        let mut guard = guard();
        let now = Instant::now();
        assert!(guard.question().is_some());
        assert_eq!(guard.decide(load(10, Value::Null), now), None);
        assert!(guard.question().is_none(), "it is not asked before every statement");
        assert_eq!(guard.decide(load(11, Value::Null), now), Some(PAUSE));
        assert!(guard.question().is_some(), "a busy one is asked again");
        // Other readers, which wait the same second.
        for _ in 0..5 {
            assert_eq!(guard.decide(load(11, Value::Null), now + PAUSE / 2), Some(PAUSE));
        }
        assert_eq!(guard.decide(load(1, Value::Integer(6)), now + PAUSE), Some(PAUSE));
        assert!(!guard.is_over());
        assert_eq!(guard.decide(load(11, Value::Null), now + 2 * PAUSE), None);
        assert!(guard.is_over() && guard.why_over().unwrap().contains("11 sessions"));
    }

    #[test]
    fn a_load_that_is_not_known_is_no_reason_to_go_on() {
        assert_eq!(guard().decide(Err(Unread::silent()), Instant::now()), Some(PAUSE));
    }

    #[test]
    fn the_budget_ends_the_reading() {
        let mut guard = Guard::new(LoadLimits::default(), Duration::ZERO);
        assert!(guard.is_over() && guard.why_over().unwrap().contains("budget"));
    }
}
