//! One thing of each kind in a business unit: what stands in braces in addresses and forms.

use crate::support::databases::TestDatabase;
use crate::support::http::Api;
use crate::support::receiver::Receiver;
use crate::web::reach;
use crate::web::site::{Person, Site, until};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Ids by the names that addresses have for them.
#[derive(Debug, Clone)]
pub struct Things(BTreeMap<&'static str, String>);

/// Whose things are made.
pub struct Unit<'a> {
    pub api: &'a Api,
    pub partner: i64,
    pub bu: &'a str,
    /// One of its owners.
    pub owner: &'a Person,
    /// A type that its catalogue alone has.
    pub event_type: &'static str,
}

impl Things {
    /// Makes one of each in the unit, and waits until nothing moves any more.
    pub fn make(database: &TestDatabase, site: &Site, receiver: &Receiver, unit: &Unit) -> Self {
        let (api, bu) = (unit.api, unit.bu);
        let one = |sql: &str| database.lines(sql).remove(0);
        made(&api.post("/event-types", &json!({"name": unit.event_type, "sample": {"weight": 2}})).json());
        let body = json!({"name": "Desk", "url": receiver.url("/in"), "events": ["order.completed"]});
        let webhook = api.post("/webhooks", &body).json();
        let endpoint = text(&webhook["data"]["endpoints"][0]["id"]);
        let webhook = made(&webhook);
        let event = made(&api.post("/events", &json!({"type": "order.completed", "data": {"n": 1}})).json());
        let delivery = until(|| {
            let shown = api.get(&format!("/events/{event}")).json();
            let delivery = &shown["data"]["deliveries"][0];
            (delivery["state"] == "delivered").then(|| text(&delivery["id"]))
        });
        let replay = made(&api.post("/replays", &json!({"webhook": webhook})).json());
        let number = unit.partner.to_string();
        let token = ["token", "create", "--name", "spare", "--scopes", "events:read", "--partner", &number];
        let token = text(&site.run(&[&["--json"], &token[..]].concat()).json()["id"]);
        let email = format!("spare@{bu}.example");
        let user = ["user", "create", "--email", &email, "--name", "Spare", "--role", "viewer"];
        let user = site.run(&[&["--json"], &user[..], &["--partner", &number]].concat()).json();
        let user = text(&user["id"]);
        let login = one(&format!("SELECT CAST(number AS TEXT) AS line FROM users WHERE id = '{user}'"));
        let csrf = unit.owner.token(&format!("/bu/{bu}"));
        let send = |behind: &str, fields: &[(&str, &str)]| {
            let answer = unit.owner.send(&format!("/bu/{bu}{behind}"), &csrf, fields);
            assert_eq!(answer.status, 303, "{answer:?}");
            answer.header("location").to_owned()
        };
        let team = send("/admin/teams/new", &[("name", "Team")]).rsplit('/').next().unwrap().to_owned();
        send(&format!("/admin/teams/{team}/members"), &[("login", &login)]);
        send("/programmes/new", &[("name", "Miles")]);
        let programme = one(&format!("SELECT id AS line FROM programmes WHERE bu_id = '{bu}'"));
        let fields =
            [("url", "https://example.com/p"), ("secret", "a-secret-of-sixteen"), ("events", "user.created")];
        let create = format!("/bu/{bu}/programmes/{programme}/webhooks/new");
        let linked = reach::made(&reach::create(unit.owner, &create, &fields));
        let owner = &unit.owner.email;
        let session = one(&format!(
            "SELECT s.id AS line FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.email = '{owner}'"
        ));
        at_rest(database);
        Self(BTreeMap::from([
            ("bu", bu.to_owned()),
            ("wh", webhook),
            ("linked", linked),
            ("ep", endpoint),
            ("evt", event),
            ("dlv", delivery),
            ("rpl", replay),
            ("tok", token),
            ("type", unit.event_type.to_owned()),
            ("usr", user),
            ("login", login),
            ("team", team),
            ("prg", programme),
            ("ses", session),
            ("number", number),
            ("of", "10002".to_owned()),
        ]))
    }

    /// Things of the right form that were never made.
    pub fn never() -> Self {
        let kinds = ["bu", "wh", "ep", "evt", "dlv", "rpl", "tok", "usr", "team", "prg", "ses"].into_iter();
        let ids = kinds.map(|kind| (kind, format!("{kind}_00000000000000000000000001")));
        let others = [
            ("number", "99999991"),
            ("of", "99999992"),
            ("type", "kite.flown"),
            ("login", "9999"),
            ("linked", "wh_00000000000000000000000001"),
        ];
        Self(ids.chain(others.map(|(kind, id)| (kind, id.to_owned()))).collect())
    }

    /// Things that were never made, with ids next to these: what comes before and after them is the same.
    pub fn neighbours(&self) -> Self {
        let next = |(kind, id): (&&'static str, &String)| match (*kind, id.split_at(id.len() - 1)) {
            ("login", _) => (*kind, "9999".to_owned()),
            ("type", _) => (*kind, format!("{id}again")),
            (_, (start, "0")) => (*kind, format!("{start}1")),
            (_, (start, _)) => (*kind, format!("{start}0")),
        };
        Self(self.0.iter().map(next).collect())
    }

    /// The id of this kind.
    pub fn id(&self, name: &str) -> &str {
        self.0.get(name).unwrap_or_else(|| panic!("{{{name}}} is no thing: add it to Things"))
    }

    /// The same with one thing of others.
    pub fn with(&self, name: &'static str, of: &Self) -> Self {
        let mut all = self.0.clone();
        all.insert(name, of.id(name).to_owned());
        Self(all)
    }

    /// The same with the webhook of the programme for the other one.
    pub fn linked(&self) -> Self {
        let mut all = self.0.clone();
        all.insert("wh", self.id("linked").to_owned());
        Self(all)
    }

    /// Puts ids in place of the names in braces.
    pub fn fill(&self, text: &str) -> String {
        let filled =
            self.0.iter().fold(text.to_owned(), |text, (name, id)| text.replace(&format!("{{{name}}}"), id));
        assert!(!filled.contains('{'), "nothing is known for {filled}: add it to Things");
        filled
    }
}

/// Waits until no delivery and no replay moves by itself.
pub fn at_rest(database: &TestDatabase) {
    let open = "SELECT id AS line FROM deliveries WHERE state IN ('ready', 'leased') \
        UNION ALL SELECT id AS line FROM replays WHERE finished_at IS NULL";
    until(|| database.lines(open).is_empty().then_some(()));
}

fn made(answer: &Value) -> String {
    let made = if answer["data"].is_null() { answer } else { &answer["data"] };
    made["id"].as_str().or(made["name"].as_str()).unwrap_or_else(|| panic!("{answer}")).to_owned()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text: {value}")).to_owned()
}
