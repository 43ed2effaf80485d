//! Replays: which deliveries of a webhook are sent again, how fast, and how far that is.

use std::time::Duration;

use serde_json::{Value, json};

use crate::domain::events::delivery::DeliveryState;
use crate::domain::time::Ts;
use crate::domain::words::words;

/// How many deliveries a second a replay may make.
pub const PACE: std::ops::RangeInclusive<i32> = 1..=1_000;
/// How many it makes when nothing is said.
pub const DEFAULT_PACE: i32 = 50;
/// What is sent again when nothing is said: what did not arrive.
pub const DEFAULT_STATES: [DeliveryState; 3] =
    [DeliveryState::Exhausted, DeliveryState::Cancelled, DeliveryState::Skipped];
/// What may be sent again. What a filter or the scope kept back was never meant for the receiver.
pub const POSSIBLE_STATES: [DeliveryState; 4] =
    [DeliveryState::Delivered, DeliveryState::Exhausted, DeliveryState::Cancelled, DeliveryState::Skipped];
/// About how often a replay goes on.
const STEPS_PER_SECOND: i32 = 4;

words! {
    /// Where a replay stands. Only the first changes by itself.
    ReplayState {
        /// It goes on, step by step.
        Running = "running",
        /// Everything was looked through.
        Done = "done",
        /// Somebody stopped it.
        Cancelled = "cancelled",
        /// It could not go on.
        Stopped = "stopped",
    }
}

words! {
    /// Why a replay could not go on.
    StopReason {
        /// The webhook was switched off.
        WebhookInactive = "webhook_inactive",
        /// The webhook was deleted.
        WebhookDeleted = "webhook_deleted",
    }
}

/// Which deliveries of a webhook are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Made at this moment or later.
    pub from: Option<Ts>,
    /// Made at this moment or earlier.
    pub to: Ts,
    /// In one of these states.
    pub states: Vec<DeliveryState>,
    /// Of events of this type.
    pub event_type: Option<String>,
}

impl Selection {
    /// As it is stored and audited.
    pub fn to_json(&self) -> Value {
        json!({"from": self.from, "to": self.to, "states": self.states, "event_type": self.event_type})
    }

    /// Reads what [`Selection::to_json`] wrote.
    pub fn from_json(text: &str) -> Option<Self> {
        let json: Value = serde_json::from_str(text).ok()?;
        let moment = |name: &str| json.get(name).and_then(Value::as_str).and_then(Ts::parse);
        let words = json.get("states")?.as_array()?.iter();
        Some(Self {
            from: moment("from"),
            to: moment("to")?,
            states: words.map(|word| word.as_str()?.parse().ok()).collect::<Option<_>>()?,
            event_type: json.get("event_type").and_then(Value::as_str).map(str::to_owned),
        })
    }

    /// Whether an event of this type in this state is meant.
    pub fn wants(&self, state: DeliveryState, event_type: &str) -> bool {
        self.states.contains(&state) && self.event_type.as_deref().is_none_or(|wanted| wanted == event_type)
    }
}

/// How many deliveries one step of a replay of this pace makes at the most, and when the next is due.
pub fn step_of(pace: i32) -> (usize, Duration) {
    let pace = pace.clamp(*PACE.start(), *PACE.end());
    let most = (pace / STEPS_PER_SECOND).max(1);
    let pause = Duration::from_secs(1) * most.unsigned_abs() / pace.unsigned_abs();
    (usize::try_from(most).unwrap_or(1), pause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_reads_back_what_it_wrote() {
        let all = Selection {
            from: Ts::parse("2026-03-01T12:00:00.000001Z"),
            to: Ts::parse("2026-03-02T12:00:00Z").unwrap(),
            states: DEFAULT_STATES.to_vec(),
            event_type: Some("order.completed".into()),
        };
        let open = Selection { from: None, event_type: None, ..all.clone() };
        for selection in [&all, &open] {
            assert_eq!(Selection::from_json(&selection.to_json().to_string()).as_ref(), Some(selection));
        }
        assert_eq!(Selection::from_json("{}"), None);
        assert!(all.wants(DeliveryState::Skipped, "order.completed"));
        assert!(!all.wants(DeliveryState::Skipped, "user.created"));
        assert!(!open.wants(DeliveryState::Delivered, "user.created"));
    }

    #[test]
    fn steps_keep_the_pace() {
        for pace in [1, 3, 4, 50, 999, 1_000] {
            let (most, pause) = step_of(pace);
            let a_second = f64::from(u32::try_from(most).unwrap()) / pause.as_secs_f64();
            assert!((a_second - f64::from(pace)).abs() < 0.01, "{pace}: {most} each {pause:?}");
        }
        assert_eq!((step_of(0), step_of(9_999).0), ((1, Duration::from_secs(1)), 250));
    }
}
