//! Replays in words.

use crate::domain::events::delivery::DeliveryState;
use crate::domain::events::replay::{ReplayState, Selection, StopReason};
use crate::domain::time::Ts;
use crate::ops::events::replay::ReplayView;
use crate::web::format;
use crate::web::parts::{Mark, Tone};

/// What can be sent again, in the order of the form: state, label, what it means.
pub const OUTCOMES: [(DeliveryState, &str, &str); 4] = [
    (DeliveryState::Exhausted, "Failed", "Every attempt failed"),
    (DeliveryState::Skipped, "Skipped", "The webhook was inactive"),
    (DeliveryState::Cancelled, "Cancelled", "Somebody or a rule stopped it"),
    (DeliveryState::Delivered, "Delivered", "It arrived already; the receiver gets it once more"),
];

/// Where a replay stands, in a word.
pub fn mark(replay: &ReplayView) -> Mark {
    match replay.state {
        ReplayState::Running => Mark::new(Tone::Wait, "Running"),
        ReplayState::Done => Mark::new(Tone::Ok, "Finished"),
        ReplayState::Cancelled => Mark::new(Tone::Off, "Stopped"),
        ReplayState::Stopped => Mark::new(Tone::Bad, "Could not go on"),
    }
}

/// Why a replay could not go on, and what to do; empty when it could.
pub const fn reason(replay: &ReplayView) -> &'static str {
    match replay.reason {
        None => "",
        Some(StopReason::WebhookInactive) => {
            "The webhook was switched off. Switch it on, then start another replay for the rest."
        }
        Some(StopReason::WebhookDeleted) => "The webhook was deleted. Nothing can be sent to it.",
    }
}

/// `20 Nov 2025, 09:00:00 UTC to 20 Nov 2025, 11:00:00 UTC`.
pub fn span(selection: &Selection) -> String {
    let to = format::full(selection.to);
    selection
        .from
        .filter(|from| *from > Ts::default())
        .map_or_else(|| format!("everything up to {to}"), |from| format!("{} to {to}", format::full(from)))
}

/// `failed and skipped order.completed events`.
pub fn what(selection: &Selection) -> String {
    let words: Vec<String> = OUTCOMES
        .iter()
        .filter(|(state, ..)| selection.states.contains(state))
        .map(|(_, label, _)| label.to_lowercase())
        .collect();
    let states = match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    };
    match &selection.event_type {
        None => format!("{states} events"),
        Some(event_type) => format!("{states} {event_type} events"),
    }
}

/// How long so many deliveries take at this pace: `40 seconds`, `3 minutes`.
pub fn lasts(count: i64, pace_per_second: i32) -> String {
    let pace = i64::from(pace_per_second).max(1);
    let seconds = u64::try_from((count + pace - 1) / pace).unwrap_or(0).max(1);
    match seconds {
        0..=99 => format::count(seconds, "second", "seconds"),
        100..=5_399 => format::count(seconds.div_ceil(60), "minute", "minutes"),
        _ => format::count(seconds.div_ceil(3_600), "hour", "hours"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_is_told_in_words() {
        let mut selection = Selection {
            from: Ts::parse("2025-11-20T09:00:00Z"),
            to: Ts::parse("2025-11-20T11:00:00Z").unwrap(),
            states: vec![DeliveryState::Exhausted, DeliveryState::Skipped],
            event_type: None,
        };
        assert_eq!(what(&selection), "failed and skipped events");
        assert_eq!(span(&selection), "20 Nov 2025, 09:00:00 UTC to 20 Nov 2025, 11:00:00 UTC");
        selection.event_type = Some("order.completed".to_owned());
        selection.states = vec![DeliveryState::Delivered];
        selection.from = None;
        assert_eq!(what(&selection), "delivered order.completed events");
        assert_eq!(span(&selection), "everything up to 20 Nov 2025, 11:00:00 UTC");
    }

    #[test]
    fn what_is_left_is_told_roughly() {
        assert_eq!(lasts(0, 50), "1 second");
        assert_eq!(lasts(80, 2), "40 seconds");
        assert_eq!(lasts(9_000, 50), "3 minutes");
        assert_eq!(lasts(1_000_000, 50), "6 hours");
    }
}
