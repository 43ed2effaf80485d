//! Suspects: deliveries that may be what ended their workers go out a few at a time, each noted before it does.

use std::sync::Arc;
use std::time::Duration;

use crate::delivery::desk::Desk;
use crate::domain::id::EndpointId;
use crate::ops::events::handoff::{Handed, Outcome, SUSPECT_AFTER, Verdict};

/// How many are under way at once, so that the next crash names few.
const MOST: usize = 4;
/// How long one waits whose beginning could not be noted.
const AFTER_FAULT: Duration = Duration::from_secs(30);

/// The suspects under way.
#[derive(Debug, Default)]
pub struct Suspects {
    /// Their endpoints: one suspect each.
    under_way: Vec<EndpointId>,
    /// The one that is under way may have no other beside it.
    is_alone: bool,
    /// Endpoints whose next delivery is a suspect that has to wait.
    held_up: Vec<EndpointId>,
}

impl Suspects {
    /// Whether this one may begin. When not, `landed` tells of its endpoint later.
    pub fn admit(&mut self, suspect: &Handed) -> bool {
        // It was under way together with others when a worker ended: next time it shall be known.
        let goes_alone = suspect.crashes > SUSPECT_AFTER;
        let most = if goes_alone { 1 } else { MOST };
        let may =
            !self.is_alone && self.under_way.len() < most && !self.under_way.contains(&suspect.endpoint);
        if may {
            self.is_alone = goes_alone;
            self.under_way.push(suspect.endpoint);
        } else {
            self.held_up.push(suspect.endpoint);
        }
        may
    }

    /// One is over; gives the endpoints that may try again.
    pub fn landed(&mut self, endpoint: EndpointId) -> Vec<EndpointId> {
        self.under_way.retain(|other| *other != endpoint);
        self.is_alone = false;
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
    fn one_goes_to_each_endpoint_and_four_in_all() {
        let mut suspects = Suspects::default();
        assert!(suspects.admit(&suspect(1, 2)) && !suspects.admit(&suspect(1, 2)));
        assert!((2..5).all(|endpoint| suspects.admit(&suspect(endpoint, 2))));
        assert!(!suspects.admit(&suspect(5, 2)));
        assert_eq!(suspects.landed(id(1)), [id(1), id(5)]);
        assert!(suspects.admit(&suspect(5, 2)) && !suspects.admit(&suspect(1, 2)));
    }

    #[test]
    fn one_that_was_seen_beside_a_crash_goes_alone() {
        let mut suspects = Suspects::default();
        assert!(suspects.admit(&suspect(1, 2)) && !suspects.admit(&suspect(2, 3)));
        suspects.landed(id(1));
        assert!(suspects.admit(&suspect(2, 3)) && !suspects.admit(&suspect(1, 2)));
        assert_eq!(suspects.landed(id(2)), [id(1)]);
        assert!(suspects.admit(&suspect(1, 2)));
    }
}
