//! What a stream of deliveries has shown already, and what it shows next.

use std::collections::HashMap;
use std::time::Duration;

use super::recent::{Delivered, version};
use crate::domain::events::delivery::DeliveryState;
use crate::domain::id::{BuId, DeliveryId, WebhookId};
use crate::domain::time::Ts;
use crate::store::events::deliveries::DeliveryRow;
use crate::web::routes;

/// How many rows are sent in one look, and so in a second.
pub const MOST_AT_ONCE: usize = 10;
/// How long before a look something may have been stored that it did not see yet: another node's clock, a commit that
/// came later. Rows of that time are sent again; a page knows them by their ids and draws none twice.
const SLACK: Duration = Duration::from_secs(5);

/// The address of the stream that goes on after a page that was made at `seen`.
pub fn address(bu: BuId, webhook: WebhookId, seen: Ts) -> String {
    routes::with_query(&routes::webhook_tail(bu, webhook), &[("after", &seen.0.to_string())])
}

/// What one reader has been shown.
pub struct Shown {
    bu: BuId,
    /// Everything that was final before this moment was on the page.
    since: Ts,
    versions: HashMap<DeliveryId, String>,
}

/// What a look gave to send.
pub struct Next {
    /// The events of the stream; empty for none.
    pub text: String,
    /// Whether there is more to send than goes at once.
    pub more: bool,
    /// Whether something is being sent right now, so that it will soon look different.
    pub busy: bool,
}

impl Shown {
    /// A reader that has seen everything up to the cursor: the id of the last event, or what its address says.
    pub fn after(bu: BuId, cursor: Option<&str>, now: Ts) -> Self {
        let seen = cursor.and_then(|text| text.parse().ok()).map_or(now, Ts);
        Self { bu, since: seen.min(now) - SLACK, versions: HashMap::new() }
    }

    /// What is new among the last deliveries of the webhook, newest first, as read at `now`.
    pub fn next(&mut self, rows: &[DeliveryRow], now: Ts) -> askama::Result<Next> {
        let known = std::mem::take(&mut self.versions);
        let mut next = Next { text: String::new(), more: false, busy: false };
        let mut left = MOST_AT_ONCE;
        for row in rows.iter().rev() {
            next.busy |= row.state == DeliveryState::Leased;
            let version = version(row);
            let is_old = row.settled_at.is_some_and(|at| at < self.since) && row.created_at < self.since;
            if is_old || known.get(&row.id) == Some(&version) {
                self.versions.insert(row.id, version);
                continue;
            }
            if left == 0 {
                next.more = true;
                if let Some(before) = known.get(&row.id) {
                    self.versions.insert(row.id, before.clone());
                }
                continue;
            }
            left -= 1;
            let fresh = !known.contains_key(&row.id);
            let html = Delivered { fresh, ..Delivered::of(self.bu, row, now) }.draw()?;
            self.versions.insert(row.id, version);
            next.text.push_str("event: delivery\n");
            for line in html.lines().filter(|line| !line.trim().is_empty()) {
                next.text.extend(["data: ", line, "\n"]);
            }
            // While there is more, whoever comes back begins here again.
            let seen = self.since + SLACK;
            next.text.extend(["id: ", &seen.0.to_string(), "\n\n"]);
        }
        if !next.more {
            self.since = now - SLACK;
            if !next.text.is_empty() {
                next.text.extend(["event: seen\nid: ", &now.0.to_string(), "\ndata: seen\n\n"]);
            }
        }
        Ok(next)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::events::delivery::DeliveryKind;
    use crate::domain::id::{EndpointId, EventId};

    const NOON: Ts = Ts(1_763_640_000_000_000);

    fn id<K: crate::domain::id::Kind>(n: u128) -> crate::domain::id::Id<K> {
        crate::domain::id::Id::from_uuid(Uuid::from_u128(n))
    }

    fn row(n: u128, state: DeliveryState, at: Ts) -> DeliveryRow {
        let (event, webhook, endpoint): (EventId, WebhookId, EndpointId) = (id(n), id(1), id(1));
        DeliveryRow {
            id: id(n),
            bu_id: id(1),
            event_id: event,
            event_type: "order.completed".to_owned(),
            webhook_id: webhook,
            endpoint_id: endpoint,
            kind: DeliveryKind::Event,
            state,
            cause: None,
            attempts: i32::from(state == DeliveryState::Delivered),
            interruptions: 0,
            next_at: None,
            lease_owner: None,
            lease_no: 0,
            lease_until: None,
            last_status: None,
            last_duration_ms: None,
            created_at: at,
            settled_at: (state == DeliveryState::Delivered).then_some(at),
        }
    }

    fn sent(next: &Next) -> usize {
        next.text.matches("event: delivery\n").count()
    }

    #[test]
    fn each_row_comes_once_and_again_when_it_has_changed() {
        let mut shown = Shown::after(id(1), None, NOON);
        let later = NOON + Duration::from_secs(1);
        let under_way = [row(2, DeliveryState::Leased, later), row(1, DeliveryState::Delivered, Ts(1))];
        let next = shown.next(&under_way, later).unwrap();
        assert_eq!((sent(&next), next.busy, next.more), (1, true, false), "{}", next.text);
        assert!(next.text.ends_with(&format!("event: seen\nid: {}\ndata: seen\n\n", later.0)));
        assert_eq!(sent(&shown.next(&under_way, later).unwrap()), 0);
        let done = [row(2, DeliveryState::Delivered, later)];
        let next = shown.next(&done, later).unwrap();
        assert_eq!((sent(&next), next.busy), (1, false));
        assert_eq!(shown.next(&done, later).unwrap().text, "");
    }

    #[test]
    fn a_burst_comes_ten_at_a_time_the_oldest_first_and_a_reader_that_leaves_meanwhile_misses_nothing() {
        let later = NOON + Duration::from_mins(1);
        let rows: Vec<_> = (1..=25).rev().map(|n| row(n, DeliveryState::Delivered, later)).collect();
        let mut shown = Shown::after(id(1), Some(&NOON.0.to_string()), later);
        let first = shown.next(&rows, later).unwrap();
        assert_eq!((sent(&first), first.more), (10, true));
        let ids: Vec<&str> = first.text.lines().filter_map(|line| line.strip_prefix("id: ")).collect();
        assert!(ids.iter().all(|id| *id == NOON.0.to_string()), "{ids:?}");
        let counts: Vec<_> = (0..3).map(|_| sent(&shown.next(&rows, later).unwrap())).collect();
        assert_eq!(counts, [10, 5, 0]);
        let mut again = Shown::after(id(1), ids.last().copied(), later);
        assert_eq!(sent(&again.next(&rows, later).unwrap()), 10, "from the beginning of the burst");
        let long_after = later + Duration::from_mins(1);
        let mut seen = Shown::after(id(1), Some(&long_after.0.to_string()), long_after);
        assert_eq!(sent(&seen.next(&rows, long_after).unwrap()), 0, "all of it was seen");
    }
}
