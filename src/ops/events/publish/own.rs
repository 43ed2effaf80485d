//! Bellwire's own events: stored in the transaction of the change they tell of, and told on after its commit.

use serde_json::{Value, json};

use super::check::Publish;
use super::store::store;
use crate::domain::id::{BuId, ProgrammeId, UserId};
use crate::ops::Error;
use crate::ops::cx::{Actor, Cx, Tools};
use crate::ops::events::gather::GatherTools;
use crate::ops::events::handoff::Handed;
use crate::store::events::events;
use crate::store::pool::Conn;

/// Something that happened in Bellwire itself.
#[derive(Debug)]
pub struct Own {
    /// The business unit it happened in.
    pub bu: BuId,
    /// Its type, of the catalogue.
    pub event_type: &'static str,
    /// The payload: a JSON object without secrets.
    pub data: Value,
    /// The login it is about. It need not be one of the unit any more.
    pub subject: Option<UserId>,
    /// The programme it is about.
    pub programme: Option<ProgrammeId>,
}

impl Own {
    /// An event that is about no login and no programme.
    pub const fn new(bu: BuId, event_type: &'static str, data: Value) -> Self {
        Self { bu, event_type, data, subject: None, programme: None }
    }
}

/// What a transaction published, to be told on once it is committed.
#[derive(Default)]
pub struct News {
    handed: Vec<Handed>,
    units: Vec<BuId>,
}

impl News {
    /// Stores an event with its deliveries in this transaction. Audit rows come after it.
    pub fn add(&mut self, tools: &Tools, conn: &mut Conn, own: Own) -> Result<(), Error> {
        self.add_all(tools, conn, vec![own])
    }

    /// The same for several in one go.
    pub fn add_all(&mut self, tools: &Tools, conn: &mut Conn, own: Vec<Own>) -> Result<(), Error> {
        let gather = GatherTools {
            db: tools.db.clone(),
            clock: tools.clock.clone(),
            node: tools.node,
            handoff: tools.handoff.clone(),
        };
        self.add_gathered(&gather, conn, own)
    }

    /// The same for those who gather.
    pub(crate) fn add_gathered(
        &mut self,
        gather: &GatherTools,
        conn: &mut Conn,
        own: Vec<Own>,
    ) -> Result<(), Error> {
        self.units.extend(own.iter().map(|one| one.bu));
        let drafts: Vec<Publish> = own.into_iter().map(Publish::own).collect();
        for answer in store(gather, conn, &drafts, &mut self.handed)? {
            answer?;
        }
        Ok(())
    }

    /// What is to be sent, and the units that something happened in: for those who tell it themselves.
    pub(crate) fn into_parts(self) -> (Vec<Handed>, Vec<BuId>) {
        (self.handed, self.units)
    }

    /// Hands what is to be sent to the engine, and wakes those who read the feed.
    fn tell(self, tools: &Tools) {
        if !self.handed.is_empty() {
            tools.handoff.hand(self.handed);
        }
        tools.gatherer.bell().ring(self.units.into_iter());
    }
}

/// Runs `work` in one write transaction whose own events are told on after the commit. Blocks.
pub fn write_and_tell<T>(
    tools: &Tools,
    work: impl FnOnce(&mut Conn, &mut News) -> Result<T, Error>,
) -> Result<T, Error> {
    let mut news = News::default();
    let done = tools.db.write(|conn| work(conn, &mut news))?;
    news.tell(tools);
    Ok(done)
}

/// Takes the unit's order of events until the transaction ends. Those who publish and settle take it before any
/// webhook: a transaction that holds a webhook and publishes afterwards begins with this.
pub fn take_order(conn: &mut Conn, bu: BuId) -> Result<(), Error> {
    events::take_places(conn, bu, 0)?;
    Ok(())
}

/// Who did it, as payloads say it: the login, or null for everybody else.
pub fn by(cx: &Cx) -> Value {
    match &cx.actor {
        Actor::Login(login) => json!({"login": login.number, "name": login.name, "email": login.email}),
        Actor::Token(_) | Actor::Operator | Actor::System => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::user::Role;
    use crate::domain::webhooks::catalogue;
    use crate::ops::testing::World;

    #[test]
    fn what_is_rolled_back_is_not_published() {
        let world = World::new();
        let bu = world.channel("Ours").bu.unwrap();
        let last = || world.tools.db.read(|conn| Ok::<_, Error>(events::last_place(conn, bu)?)).unwrap();
        let before = last();
        let own = || Own::new(bu, "team.created", json!({"id": "team_1"}));
        let undone = write_and_tell(&world.tools, |conn, news| {
            news.add(&world.tools, conn, own())?;
            Err::<(), _>(Error::NotFound)
        });
        assert!(undone.is_err());
        assert_eq!(last(), before);
        write_and_tell(&world.tools, |conn, news| news.add(&world.tools, conn, own())).unwrap();
        assert_eq!(last(), before + 1);
    }

    #[test]
    fn payloads_name_the_login_as_the_catalogue_says() {
        let world = World::new();
        let login = world.login(world.channel("Ours").partner, Role::Owner);
        let sample = catalogue::find("team.created").map(|t| t.sample.clone()).unwrap();
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&by(&login)), keys(&sample["created_by"]));
        assert_eq!(by(&world.operator()), Value::Null);
    }
}
