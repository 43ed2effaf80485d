//! Endpoints that the engine of this process leaves alone for a while, and until when: for pages to tell.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::id::EndpointId;
use crate::domain::time::Ts;

/// Who rests until when. Each process learns for itself: one without an engine knows of none.
#[derive(Default)]
pub struct Resting(Mutex<HashMap<EndpointId, Ts>>);

impl Resting {
    /// An endpoint rests until this moment, or goes on.
    pub fn note(&self, endpoint: EndpointId, until: Option<Ts>) {
        match until {
            Some(until) => self.known().insert(endpoint, until),
            None => self.known().remove(&endpoint),
        };
    }

    /// Until when an endpoint rests, when it does at `now`.
    pub fn until(&self, endpoint: EndpointId, now: Ts) -> Option<Ts> {
        self.known().get(&endpoint).copied().filter(|until| *until > now)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<EndpointId, Ts>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_rest_is_told_until_its_end() {
        let (resting, one) = (Resting::default(), EndpointId::from_uuid(Uuid::from_u128(1)));
        resting.note(one, Some(Ts(10)));
        assert_eq!((resting.until(one, Ts(9)), resting.until(one, Ts(10))), (Some(Ts(10)), None));
        resting.note(one, None);
        assert_eq!(resting.until(one, Ts(9)), None);
    }
}
