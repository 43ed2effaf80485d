//! Suspects: deliveries that may be what ended their workers go out a few at a time, each noted before it does.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::delivery::desk::Desk;
use crate::domain::id::EndpointId;
use crate::ops::events::handoff::{Handed, Outcome, SUSPECT_AFTER, Verdict};

/// How many are under way at once, so that the next crash names few.
const MOST: usize = 4;
/// How long one goes alone: what ends a worker does so at once, and what only hangs shall not hold up the rest.
const ALONE: Duration = Duration::from_secs(1);
/// How long one waits whose beginning could not be noted.
const AFTER_FAULT: Duration = Duration::from_secs(30);

/// The suspects under way.
#[derive(Debug, Default)]
pub struct Suspects {
    /// Their endpoints, one suspect each, and when it began.
    under_way: Vec<(EndpointId, Instant)>,
    /// The one that is under way may have no other beside it.
    is_alone: bool,
    /// Endpoints whose next delivery is a suspect that has to wait.
    held_up: Vec<EndpointId>,
}

impl Suspects {
    /// Whether this one may begin. When not, `landed` or `held_up` tells of its endpoint later.
    pub fn admit(&mut self, suspect: &Handed, now: Instant) -> bool {
        // It was under way together with others when a worker ended: next time it shall be known.
        let goes_alone = suspect.crashes > SUSPECT_AFTER;
        let beside = |(endpoint, began): &(EndpointId, Instant)| {
            *endpoint != suspect.endpoint && now.saturating_duration_since(*began) >= ALONE
        };
        let may = self.under_way.is_empty()
            || (!self.is_alone
                && !goes_alone
                && self.under_way.len() < MOST
                && self.under_way.iter().all(beside));
        if may {
            self.is_alone = goes_alone;
            self.under_way.push((suspect.endpoint, now));
        } else {
            self.held_up.push(suspect.endpoint);
        }
        may
    }

    /// One is over; gives the endpoints that may try again.
    pub fn landed(&mut self, endpoint: EndpointId) -> Vec<EndpointId> {
        self.under_way.retain(|(other, _)| *other != endpoint);
        self.is_alone = false;
        self.held_up()
    }

    /// The endpoints that had to wait, and may try again now that time has passed.
    pub fn held_up(&mut self) -> Vec<EndpointId> {
        std::mem::take(&mut self.held_up)
    }
}

/// Notes durably that an attempt of a suspect begins, before its first byte goes out; whether it may.
pub async fn is_noted(desk: &Arc<dyn Desk>, handed: &Handed) -> bool {
    let (there, what) = (desk.clone(), handed.clone());
    match tokio::task::spawn_blocking(move || there.begin(&what)).await {
        // False: somebody else holds it by now.
        Ok(Ok(is_ours)) => is_ours,
        failed => {
            let why =
                failed.map_or_else(|e| e.to_string(), |e| e.err().map(|e| e.to_string()).unwrap_or_default());
            tracing::warn!(why, delivery = %handed.delivery, "a suspect waits: its beginning cannot be noted");
            let verdict = Verdict::Postpone(desk.due_now() + AFTER_FAULT);
            desk.settle(Outcome { handed: handed.clone(), attempt: None, verdict });
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::samples::{handed, id};

    fn suspect(endpoint: u8, crashes: i32) -> Handed {
        Handed { crashes, ..handed(1, 1, endpoint) }
    }

    #[test]
    fn one_goes_alone_at_first_and_then_one_to_each_endpoint_and_four_in_all() {
        let (mut suspects, mut now) = (Suspects::default(), Instant::now());
        assert!(suspects.admit(&suspect(1, 2), now) && !suspects.admit(&suspect(2, 2), now));
        assert_eq!(suspects.held_up(), [id(2)]);
        now += ALONE;
        assert!(!suspects.admit(&suspect(1, 2), now) && suspects.admit(&suspect(2, 2), now));
        for endpoint in 3..5 {
            now += ALONE;
            assert!(suspects.admit(&suspect(endpoint, 2), now));
        }
        now += ALONE;
        assert!(!suspects.admit(&suspect(5, 2), now));
        assert_eq!(suspects.landed(id(1)), [id(1), id(5)]);
        assert!(suspects.admit(&suspect(5, 2), now) && !suspects.admit(&suspect(1, 2), now));
        suspects.landed(id(5));
        assert!(suspects.admit(&suspect(5, 2), now), "what hangs since long holds up nobody");
    }

    #[test]
    fn one_that_was_seen_beside_a_crash_goes_alone() {
        let (mut suspects, mut now) = (Suspects::default(), Instant::now());
        assert!(suspects.admit(&suspect(1, 2), now));
        now += ALONE;
        assert!(!suspects.admit(&suspect(2, 3), now));
        suspects.landed(id(1));
        assert!(suspects.admit(&suspect(2, 3), now));
        now += ALONE;
        assert!(!suspects.admit(&suspect(1, 2), now));
        assert_eq!(suspects.landed(id(2)), [id(1)]);
        assert!(suspects.admit(&suspect(1, 2), now));
    }
}
