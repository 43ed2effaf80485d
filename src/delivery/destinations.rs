//! Where endpoints' deliveries go, as last read: never older than a second (and the time it takes to read them),
//! and never read one by one.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::delivery::outgoing::Route;
use crate::domain::id::{EndpointId, WebhookId};
use crate::ops::events::handoff::Destinations;

/// How old an entry may be when it is used.
const FRESH: Duration = Duration::from_secs(1);
/// From which age a used entry is read anew beforehand, so that a busy endpoint never waits.
const AGEING: Duration = Duration::from_millis(500);
/// After which time secrets of an endpoint without deliveries are forgotten.
const UNUSED: Duration = Duration::from_secs(30);

/// The routes of the endpoints that have deliveries here.
#[derive(Default)]
pub struct Routes {
    entries: HashMap<EndpointId, Entry>,
    wanted: Vec<EndpointId>,
}

struct Entry {
    webhook: WebhookId,
    known: Option<Known>,
    read_at: Instant,
    is_loading: bool,
    /// Something changed while it was being read: what comes may be old.
    is_outdated: bool,
}

/// What is known of an endpoint.
#[derive(Clone)]
pub enum Known {
    /// Its deliveries go along this route.
    Route(Arc<Route>),
    /// It is gone.
    Gone,
}

impl Routes {
    /// What is known of an endpoint; `None` when it must be read first: it is then wanted, and comes with
    /// `learn`.
    pub fn get(&mut self, endpoint: EndpointId, webhook: WebhookId, now: Instant) -> Option<Known> {
        let entry = self.entries.entry(endpoint).or_insert_with(|| Entry {
            webhook,
            known: None,
            read_at: now,
            is_loading: false,
            is_outdated: false,
        });
        let age = now.saturating_duration_since(entry.read_at);
        if !entry.is_loading && (entry.known.is_none() || age >= AGEING) {
            entry.is_loading = true;
            self.wanted.push(endpoint);
        }
        if age < FRESH { entry.known.clone() } else { None }
    }

    /// The endpoints to read next, all at once; each is given once until it was learnt.
    pub fn take_wanted(&mut self) -> Vec<EndpointId> {
        std::mem::take(&mut self.wanted)
    }

    /// Whether any endpoint is to be read.
    pub fn is_wanting(&self) -> bool {
        !self.wanted.is_empty()
    }

    /// Takes what was read about `asked` by a reading that began at `began` and ended `now`; gives the
    /// endpoints that may go on. Those that changed meanwhile are wanted again.
    pub fn learn(
        &mut self,
        asked: &[EndpointId],
        read: &Destinations,
        began: Instant,
        now: Instant,
    ) -> Vec<EndpointId> {
        // A database that takes long to answer must not stop deliveries: it is read again at once, and what it
        // said is used meanwhile.
        let read_at = now.checked_sub(AGEING).map_or(began, |lately| began.max(lately));
        let mut ready = Vec::with_capacity(asked.len());
        for endpoint in asked {
            let Some(entry) = self.entries.get_mut(endpoint) else { continue };
            if std::mem::take(&mut entry.is_outdated) {
                self.wanted.push(*endpoint);
                continue;
            }
            entry.is_loading = false;
            entry.read_at = read_at;
            let route = read.get(endpoint).map(|to| Known::Route(Arc::new(Route::new(to.clone()))));
            entry.known = Some(route.unwrap_or(Known::Gone));
            ready.push(*endpoint);
        }
        ready
    }

    /// The reading failed: the endpoints are wanted again when somebody asks.
    pub fn fail(&mut self, asked: &[EndpointId]) {
        for endpoint in asked {
            if let Some(entry) = self.entries.get_mut(endpoint) {
                entry.is_loading = false;
                entry.is_outdated = false;
            }
        }
    }

    /// Forgets what is known of a webhook's endpoints.
    pub fn forget(&mut self, webhook: WebhookId) {
        for entry in self.entries.values_mut().filter(|entry| entry.webhook == webhook) {
            entry.known = None;
            entry.is_outdated = entry.is_loading;
        }
    }

    /// Drops entries that nobody used for a while, secrets included.
    pub fn tidy(&mut self, now: Instant) {
        self.entries
            .retain(|_, entry| entry.is_loading || now.saturating_duration_since(entry.read_at) < UNUSED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::samples::{destination, id};

    fn read() -> Destinations {
        Destinations::from([(id(1), Arc::new(destination("https://a.example.com/in")))])
    }

    #[test]
    fn an_endpoint_is_read_once_and_used_for_a_second() {
        let (mut routes, now) = (Routes::default(), Instant::now());
        assert!(routes.get(id(1), id(1), now).is_none() && routes.get(id(1), id(1), now).is_none());
        assert!(routes.get(id(2), id(2), now).is_none());
        assert_eq!(routes.take_wanted(), [id(1), id(2)]);
        assert_eq!(routes.learn(&[id(1), id(2)], &read(), now, now), [id(1), id(2)]);
        assert!(matches!(routes.get(id(1), id(1), now), Some(Known::Route(_))));
        assert!(matches!(routes.get(id(2), id(2), now), Some(Known::Gone)));
        assert!(!routes.is_wanting());
        assert!(routes.get(id(1), id(1), now + AGEING).is_some(), "it is used while it is read anew");
        assert_eq!(routes.take_wanted(), [id(1)]);
        assert!(routes.get(id(1), id(1), now + FRESH).is_none());
    }

    #[test]
    fn what_took_long_to_read_is_used_while_it_is_read_again() {
        let (mut routes, began) = (Routes::default(), Instant::now());
        assert!(routes.get(id(1), id(1), began).is_none());
        let (asked, now) = (routes.take_wanted(), began + FRESH * 3);
        assert_eq!(routes.learn(&asked, &read(), began, now), asked);
        assert!(routes.get(id(1), id(1), now).is_some() && routes.take_wanted() == asked);
        assert!(routes.get(id(1), id(1), now + AGEING).is_none(), "and not for long");
    }

    #[test]
    fn what_changed_while_it_was_read_is_read_again() {
        let (mut routes, now) = (Routes::default(), Instant::now());
        assert!(routes.get(id(1), id(1), now).is_none());
        let asked = routes.take_wanted();
        routes.forget(id(1));
        assert!(routes.learn(&asked, &read(), now, now).is_empty());
        assert_eq!(routes.take_wanted(), asked);
        assert_eq!(routes.learn(&asked, &read(), now, now), asked);
        routes.forget(id(1));
        assert!(routes.get(id(1), id(1), now).is_none(), "a change is heeded at once");
    }

    #[test]
    fn a_failed_reading_is_repeated_and_secrets_are_not_kept_for_ever() {
        let (mut routes, now) = (Routes::default(), Instant::now());
        assert!(routes.get(id(1), id(1), now).is_none());
        let asked = routes.take_wanted();
        routes.fail(&asked);
        assert!(routes.get(id(1), id(1), now).is_none());
        assert_eq!(routes.take_wanted(), asked);
        routes.learn(&asked, &read(), now, now);
        routes.tidy(now + UNUSED);
        assert!(routes.entries.is_empty());
    }
}
