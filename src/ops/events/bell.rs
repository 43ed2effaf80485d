//! The bell that rings when a business unit has new events, for those who wait for them without holding anything.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::domain::id::BuId;

/// Who waits for new events of which business unit. It holds an entry for a unit only while somebody waits.
#[derive(Default)]
pub struct Bell {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    units: HashMap<BuId, Unit>,
    stopped: bool,
}

struct Unit {
    rung: watch::Sender<()>,
    waiting: usize,
}

/// Somebody who hears every ring for one business unit from when it was made.
pub struct Listening {
    bell: Arc<Bell>,
    bu: BuId,
    rung: watch::Receiver<()>,
}

/// What came first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It rang: there may be new events.
    Rung,
    /// Nothing, for as long as was waited.
    Nothing,
    /// The process is stopping.
    Stop,
}

impl Bell {
    /// Listens for `bu`. What is stored from now on is heard, so look for what is there already afterwards.
    pub fn listen(self: &Arc<Self>, bu: BuId) -> Listening {
        let mut state = self.state();
        let unit = state.units.entry(bu).or_insert_with(|| Unit { rung: watch::Sender::new(()), waiting: 0 });
        unit.waiting += 1;
        let rung = unit.rung.subscribe();
        Listening { bell: self.clone(), bu, rung }
    }

    /// New events of these units are stored for good.
    pub fn ring(&self, units: impl Iterator<Item = BuId>) {
        let state = self.state();
        if state.units.is_empty() {
            return;
        }
        let mut last = None;
        for bu in units.filter(|bu| last.replace(*bu) != Some(*bu)) {
            if let Some(unit) = state.units.get(&bu) {
                unit.rung.send_replace(());
            }
        }
    }

    /// The units that somebody waits for.
    pub fn awaited(&self) -> Vec<BuId> {
        self.state().units.keys().copied().collect()
    }

    /// Nobody waits any more, now or later: the process is stopping.
    pub fn stop(&self) {
        let mut state = self.state();
        state.stopped = true;
        for unit in state.units.values() {
            unit.rung.send_replace(());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listening {
    /// Waits until it rings, the process stops, or `longest` has passed. Holds no thread.
    pub async fn wait(&mut self, longest: Duration) -> Heard {
        let rung = !self.has_stopped() && tokio::time::timeout(longest, self.rung.changed()).await.is_ok();
        if self.has_stopped() {
            return Heard::Stop;
        }
        if rung { Heard::Rung } else { Heard::Nothing }
    }

    fn has_stopped(&self) -> bool {
        self.bell.state().stopped
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let mut state = self.bell.state();
        if let Some(unit) = state.units.get_mut(&self.bu) {
            unit.waiting -= 1;
            if unit.waiting == 0 {
                state.units.remove(&self.bu);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const AGES: Duration = Duration::from_hours(1);

    fn unit(n: u128) -> BuId {
        BuId::from_uuid(Uuid::from_u128(n))
    }

    #[actix_web::test]
    async fn whoever_listens_hears_every_ring_of_its_unit_and_no_other() {
        let bell = Arc::new(Bell::default());
        let mut ours = bell.listen(unit(1));
        let mut theirs = bell.listen(unit(2));
        bell.ring([unit(1), unit(1), unit(3)].into_iter());
        assert_eq!(ours.wait(AGES).await, Heard::Rung);
        assert_eq!(ours.wait(Duration::ZERO).await, Heard::Nothing);
        assert_eq!(theirs.wait(Duration::ZERO).await, Heard::Nothing);
        drop((ours, theirs));
        assert!(bell.awaited().is_empty());
    }

    #[actix_web::test]
    async fn nobody_waits_once_the_process_stops() {
        let bell = Arc::new(Bell::default());
        let mut before = bell.listen(unit(1));
        bell.stop();
        assert_eq!(before.wait(AGES).await, Heard::Stop);
        assert_eq!(bell.listen(unit(1)).wait(AGES).await, Heard::Stop);
    }
}
