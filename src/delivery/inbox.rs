//! The engine's letter box: what the operations hand over, and how much more it would take.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;

use crate::domain::id::{EndpointId, WebhookId};
use crate::ops::events::handoff::{Handed, Handoff};

/// How many bytes of bodies the engine holds at the most; a hand-over that begins below may end above.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// How many deliveries to one endpoint the engine holds at the most; with little room left, a part of that.
const MOST_OF_ONE: usize = 4_096;
/// Of the room that is left, one endpoint may hold as much as this part: however many endpoints are slow,
/// they never take all of it.
pub const PART_OF_ONE: usize = 4;
/// The least a delivery is thought to weigh, its own record included, in bytes.
const LIGHTEST: usize = 2 * 1024;

/// What comes in.
#[derive(Debug)]
pub enum Message {
    /// Deliveries that are leased to this node, and when they were handed over.
    Deliveries(Vec<Handed>, Instant),
    /// What is known of a webhook's endpoints is out of date.
    Changed(WebhookId),
}

/// The engine as the operations see it.
pub struct Inbox {
    door: UnboundedSender<Message>,
    woken: Arc<Notify>,
    recorded: Arc<Notify>,
    load: Arc<Load>,
}

/// The engine's own end of the letter box.
pub struct Letters {
    /// What was handed over.
    pub messages: UnboundedReceiver<Message>,
    /// Rings when deliveries became ready in the database.
    pub woken: Arc<Notify>,
    /// Rings when outcomes became durable.
    pub recorded: Arc<Notify>,
    /// What the engine holds.
    pub load: Arc<Load>,
}

/// How much the engine holds: waiting, under way, and still in the letter box.
#[derive(Debug)]
pub struct Load {
    most: usize,
    deliveries: AtomicUsize,
    bytes: AtomicUsize,
    is_open: AtomicBool,
    endpoints: Mutex<HashMap<EndpointId, Share>>,
}

/// What is held for one endpoint, and how much of it may be. Endpoints with the usual share and nothing held
/// are not kept.
#[derive(Debug)]
struct Share {
    held: usize,
    most: usize,
}

/// A letter box for up to `capacity` deliveries; closed until its engine runs.
pub fn letter_box(capacity: usize) -> (Inbox, Letters) {
    let (door, messages) = unbounded_channel();
    let woken = Arc::new(Notify::new());
    let load = Arc::new(Load {
        most: capacity,
        deliveries: AtomicUsize::new(0),
        bytes: AtomicUsize::new(0),
        is_open: AtomicBool::new(false),
        endpoints: Mutex::default(),
    });
    let recorded = Arc::new(Notify::new());
    let inbox = Inbox { door, woken: woken.clone(), recorded: recorded.clone(), load: load.clone() };
    (inbox, Letters { messages, woken, recorded, load })
}

impl Inbox {
    /// How many deliveries the engine holds, under way or waiting.
    pub fn held(&self) -> usize {
        self.load.deliveries.load(Ordering::Relaxed)
    }
}

impl Handoff for Inbox {
    fn room(&self) -> usize {
        self.load.room()
    }

    fn room_for(&self, endpoint: EndpointId) -> usize {
        self.load.room_for(endpoint)
    }

    fn hand(&self, deliveries: Vec<Handed>) {
        if deliveries.is_empty() {
            return;
        }
        self.load.add(&deliveries);
        // After the engine has ended nobody listens; the leases end by themselves.
        let _ = self.door.send(Message::Deliveries(deliveries, Instant::now()));
    }

    fn changed(&self, webhook: WebhookId) {
        let _ = self.door.send(Message::Changed(webhook));
    }

    fn wake(&self) {
        self.woken.notify_one();
    }

    fn recorded(&self) {
        self.recorded.notify_one();
    }
}

impl Load {
    /// How many more deliveries the engine would take.
    pub fn room(&self) -> usize {
        if !self.is_open.load(Ordering::Acquire) {
            return 0;
        }
        let deliveries = self.deliveries.load(Ordering::Relaxed);
        let bytes = self.bytes.load(Ordering::Relaxed);
        let usual = bytes.checked_div(deliveries).unwrap_or(0).max(LIGHTEST);
        self.most.saturating_sub(deliveries).min(MOST_BYTES.saturating_sub(bytes) / usual)
    }

    /// How many of them may be for this endpoint.
    pub fn room_for(&self, endpoint: EndpointId) -> usize {
        let usual = (self.room() / PART_OF_ONE).min(MOST_OF_ONE);
        match self.shares().get(&endpoint) {
            Some(share) => usual.min(share.most).saturating_sub(share.held),
            None => usual,
        }
    }

    /// From now on at most so many new ones are taken for an endpoint; `usize::MAX` stands for the usual.
    pub fn set_most(&self, endpoint: EndpointId, most: usize) {
        let mut shares = self.shares();
        let share = shares.entry(endpoint).or_default();
        share.most = most;
        if share.is_usual() {
            shares.remove(&endpoint);
        }
    }

    /// Opens or closes the letter box.
    pub fn set_open(&self, is_open: bool) {
        self.is_open.store(is_open, Ordering::Release);
    }

    /// These are held from now on.
    pub fn add(&self, deliveries: &[Handed]) {
        let bytes = deliveries.iter().map(|handed| handed.body.len()).sum();
        self.deliveries.fetch_add(deliveries.len(), Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let mut shares = self.shares();
        for handed in deliveries {
            shares.entry(handed.endpoint).or_default().held += 1;
        }
    }

    /// This one is not held any more.
    pub fn remove(&self, handed: &Handed) {
        self.deliveries.fetch_sub(1, Ordering::Relaxed);
        self.bytes.fetch_sub(handed.body.len(), Ordering::Relaxed);
        let mut shares = self.shares();
        if let Some(share) = shares.get_mut(&handed.endpoint) {
            share.held = share.held.saturating_sub(1);
            if share.is_usual() {
                shares.remove(&handed.endpoint);
            }
        }
    }

    fn shares(&self) -> MutexGuard<'_, HashMap<EndpointId, Share>> {
        self.endpoints.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Share {
    fn default() -> Self {
        Self { held: 0, most: usize::MAX }
    }
}

impl Share {
    const fn is_usual(&self) -> bool {
        self.held == 0 && self.most == usize::MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::samples::{handed, id};

    #[test]
    fn room_shrinks_with_what_is_held_and_is_none_while_closed() {
        let (inbox, letters) = letter_box(10);
        assert_eq!(inbox.room(), 0);
        letters.load.set_open(true);
        assert_eq!(inbox.room(), 10);
        inbox.hand(vec![handed(1, 1, 1), handed(2, 1, 1)]);
        assert_eq!(inbox.room(), 8);
        letters.load.remove(&handed(1, 1, 1));
        assert_eq!(inbox.room(), 9);
    }

    #[test]
    fn heavy_bodies_take_the_room_of_many() {
        let (inbox, letters) = letter_box(20_000);
        letters.load.set_open(true);
        let heavy = |n| Handed { body: vec![b'x'; 256 * 1024].into(), ..handed(n, 1, 1) };
        inbox.hand((0..200).map(heavy).collect());
        assert_eq!(inbox.room(), 56);
        inbox.hand((0..56).map(heavy).collect());
        assert_eq!(inbox.room(), 0);
    }

    #[test]
    fn one_endpoint_takes_no_more_than_a_part_of_what_is_left() {
        let (inbox, letters) = letter_box(20_000);
        assert_eq!(inbox.room_for(id(1)), 0, "none while closed");
        letters.load.set_open(true);
        assert_eq!(inbox.room_for(id(1)), MOST_OF_ONE);
        // Twenty endpoints that take whatever they are given, one after the other.
        let mut taken = 0;
        for n in 0..100_000 {
            let endpoint = id(n % 20);
            if inbox.room_for(endpoint) > 0 {
                taken += 1;
                inbox.hand(vec![Handed { endpoint, ..handed(n, 1, 1) }]);
            }
        }
        assert!((15_000..17_000).contains(&taken), "{taken}");
        assert!(inbox.room_for(id(21)) > 500);
    }

    #[test]
    fn an_endpoint_that_is_left_alone_has_no_room_and_an_idle_one_is_not_remembered() {
        let (inbox, letters) = letter_box(20_000);
        letters.load.set_open(true);
        letters.load.set_most(id(1), 1);
        inbox.hand(vec![handed(1, 1, 1), handed(2, 1, 2)]);
        assert_eq!((inbox.room_for(id(1)), inbox.room_for(id(2))), (0, MOST_OF_ONE - 1));
        letters.load.remove(&handed(1, 1, 1));
        letters.load.remove(&handed(2, 1, 2));
        assert_eq!((inbox.room_for(id(1)), inbox.room_for(id(2))), (1, MOST_OF_ONE));
        letters.load.set_most(id(1), usize::MAX);
        assert!(letters.load.shares().is_empty());
    }
}
