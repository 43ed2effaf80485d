//! A business unit in which one thing of each kind stands, and the bodies that are good there.

use super::super::world::{OPEN, World, id, until};
use super::routes::Row;
use crate::support::databases::TestDatabase;
use crate::support::http::{Answer, send};
use crate::support::receiver::Receiver;
use reqwest::blocking::RequestBuilder;
use serde_json::{Value, json};
use std::cell::Cell;
use std::time::Duration;

/// The unit, and a receiver that its deliveries reach.
pub struct Scene {
    pub world: World,
    receiver: Receiver,
    made: Cell<u32>,
}

/// One thing of each kind: ids for paths and for bodies.
#[derive(Debug, Clone)]
pub struct Things {
    pub webhook: String,
    pub hook: String,
    pub event: String,
    pub delivery: String,
    pub replay: String,
    pub token: String,
    pub event_type: String,
}

impl Scene {
    pub fn open(database: &TestDatabase) -> Self {
        Self { world: World::start(database, OPEN), receiver: Receiver::start(), made: Cell::new(0) }
    }

    /// New things, made by the token that may do everything.
    pub fn things(&self) -> Things {
        let (world, number) = (&self.world, self.number());
        let url = self.receiver.url("/in");
        let webhook = id(&world.webhook(&json!({"url": url, "events": ["user.created"]})));
        let hook = id(&made(&world.api.post("/hooks", &json!({"target_url": url, "event": "data.created"}))));
        let event_type = format!("parcel.shipped{number}");
        made(&world.api.post("/event-types", &json!({"name": event_type, "sample": {"weight": 2}})));
        let event = world.publish(r#"{"type":"user.created","data":{}}"#);
        let delivery = self.delivered(&event, &webhook);
        let replay = id(&made(&world.api.post("/replays", &json!({"webhook": webhook})))["data"]);
        self.at_rest(&replay, &webhook);
        let token = self.new_token();
        Things { webhook, hook, event, delivery, replay, token, event_type }
    }

    /// The delivery of an event to a webhook, once it has arrived.
    fn delivered(&self, event: &str, webhook: &str) -> String {
        until(Duration::from_secs(20), || {
            let shown = self.world.api.get(&format!("/events/{event}")).json();
            let all = shown["data"]["deliveries"].as_array().unwrap();
            let ours = all.iter().find(|d| d["webhook"] == webhook && d["state"] == "delivered");
            ours.map(id)
        })
    }

    /// Waits until a replay is over and everything of its webhook has arrived: from then on nothing moves by itself.
    fn at_rest(&self, replay: &str, webhook: &str) {
        until(Duration::from_secs(20), || {
            let shown = self.world.api.get(&format!("/replays/{replay}")).json();
            (!shown["data"]["finished_at"].is_null()).then_some(())
        });
        until(Duration::from_secs(20), || {
            let shown = self.world.api.get(&format!("/webhooks/{webhook}/deliveries?limit=100")).json();
            let all = shown["data"].as_array().unwrap();
            all.iter().all(|d| !["ready", "leased"].iter().any(|open| d["state"] == *open)).then_some(())
        });
    }

    /// The id of a new token.
    fn new_token(&self) -> String {
        let name = format!("spare {}", self.number());
        let made =
            self.world.operator(&["--json", "token", "create", "--name", &name, "--scopes", "events:read"]);
        id(&made.json())
    }

    fn number(&self) -> u32 {
        self.made.set(self.made.get() + 1);
        self.made.get()
    }

    /// The good body of a route; none for one that takes none.
    pub fn body(&self, row: &Row, things: &Things) -> Option<Value> {
        let url = self.receiver.url("/in");
        let number = self.number();
        Some(match row.body? {
            "webhook" => json!({"url": url, "events": ["user.created"], "description": "An export"}),
            "change" => json!({"description": format!("Changed {number}")}),
            "test" => json!({"event": "user.created"}),
            "rotation" => json!({"overlap_seconds": 60}),
            "replay" => json!({"webhook": things.webhook, "dry_run": false}),
            "hook" => json!({"target_url": url, "event": "user.created"}),
            "event" => json!({"type": "user.created", "data": {"n": number}}),
            "batch" => json!({"events": [{"type": "user.created", "data": {"n": number}}]}),
            "type" => json!({"name": format!("crate.opened{number}"), "label": "Crate opened"}),
            "type_edit" => json!({"label": format!("Shipped {number}")}),
            "token" => json!({"name": format!("More {number}"), "scopes": ["events:write"]}),
            other => panic!("no body is called {other}"),
        })
    }

    /// The request of a route as its good body makes it, without a token.
    pub fn bare(&self, row: &Row, things: &Things) -> RequestBuilder {
        let request = self.world.bare(row.method.clone(), &things.fill(row.path));
        match self.body(row, things) {
            Some(body) => request.json(&body),
            None => request,
        }
    }

    /// The same with the token that may do everything.
    pub fn ask(&self, row: &Row, things: &Things) -> Answer {
        send(self.bare(row, things).bearer_auth(self.world.token()))
    }
}

impl Things {
    /// Puts the ids in place of the names in braces.
    pub fn fill(&self, path: &str) -> String {
        let ids = [
            ("{wh}", &self.webhook),
            ("{hook}", &self.hook),
            ("{evt}", &self.event),
            ("{dlv}", &self.delivery),
            ("{rpl}", &self.replay),
            ("{tok}", &self.token),
            ("{type}", &self.event_type),
        ];
        ids.iter().fold(path.to_owned(), |path, (name, id)| path.replace(name, id))
    }

    /// Things of the right form that were never made.
    pub fn unknown() -> Self {
        let id = |prefix: &str| format!("{prefix}_00000000000000000000000001");
        Self {
            webhook: id("wh"),
            hook: id("wh"),
            event: id("evt"),
            delivery: id("dlv"),
            replay: id("rpl"),
            token: id("tok"),
            event_type: "no.such".to_owned(),
        }
    }

    /// The same text in place of every id.
    pub fn all(text: &str) -> Self {
        let id = || text.to_owned();
        Self {
            webhook: id(),
            hook: id(),
            event: id(),
            delivery: id(),
            replay: id(),
            token: id(),
            event_type: id(),
        }
    }
}

/// What an answer tells, without what differs from request to request (a connection is closed
/// when its body was not looked at).
pub fn told(answer: &Answer) -> (u16, Vec<(String, String)>, Value) {
    let mut body = answer.json();
    body.as_object_mut().unwrap().remove("request_id");
    let fixed = answer
        .headers
        .iter()
        .filter(|(name, _)| !["connection", "date", "x-request-id"].contains(&name.as_str()));
    let mut headers: Vec<(String, String)> =
        fixed.map(|(name, value)| (name.to_string(), format!("{value:?}"))).collect();
    headers.sort();
    (answer.status, headers, body)
}

/// The code of a problem and its status.
pub fn code(answer: &Answer) -> (u16, String) {
    (answer.status, answer.json()["code"].as_str().unwrap_or_default().to_owned())
}

fn made(answer: &Answer) -> Value {
    assert!((200..300).contains(&answer.status), "{answer:?}");
    answer.json()
}
