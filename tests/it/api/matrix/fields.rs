//! Every field of every body, a line each, and the values that are refused in a field of its kind.

use super::super::world::{STRICT, World, faults, id};
use super::values::{self, Refused};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::{Answer, send};
use reqwest::Method;
use serde_json::{Value, json};

both_databases!(
    every_field_refuses_what_its_kind_does_not_allow,
    names_are_kept_in_one_form,
    every_parameter_refuses_what_its_kind_does_not_allow,
);

/// Method, path, field, kind.
const FIELDS: &str = "
POST   /webhooks                     name                       name
POST   /webhooks                     description                description
POST   /webhooks                     status                     status
POST   /webhooks                     url                        url
POST   /webhooks                     events                     events
POST   /webhooks                     events[0]                  event
POST   /webhooks                     secret                     secret
POST   /webhooks                     endpoints                  list
POST   /webhooks                     endpoints[0].url           url
POST   /webhooks                     endpoints[0].name          label
POST   /webhooks                     endpoints[0].headers       headers
POST   /webhooks                     endpoints[0].static_header static
POST   /webhooks                     endpoints[0].timeout_ms    number
POST   /webhooks                     endpoints[0].rate_per_second number
POST   /webhooks                     endpoints[0].retry         retry
POST   /webhooks                     endpoints[0].secret        secret
POST   /webhooks                     triggers                   list
POST   /webhooks                     triggers[0].event          event
POST   /webhooks                     triggers[0].note           note
PUT    /webhooks/{wh}                name                       name
PUT    /webhooks/{wh}                description                description
PUT    /webhooks/{wh}                status                     status
PUT    /webhooks/{wh}                url                        url
PUT    /webhooks/{wh}                events                     events
PUT    /webhooks/{wh}                triggers[0].event          event
PUT    /webhooks/{wh}                triggers[0].note           note
POST   /webhooks/{wh}/test           event                      test_event
POST   /webhooks/{wh}/test           endpoint                   reference
POST   /webhooks/{wh}/test           payload                    payload
POST   /webhooks/{wh}/secret/rotate  overlap_seconds            overlap
POST   /webhooks/{wh}/secret/rotate  secret                     secret
POST   /hooks                        target_url                 url
POST   /hooks                        event                      event
POST   /replays                      webhook                    reference
POST   /replays                      from                       time
POST   /replays                      to                         time
POST   /replays                      states                     states
POST   /replays                      event_type                 type_filter
POST   /replays                      pace_per_second            number
POST   /replays                      dry_run                    flag
POST   /event-types                  name                       type_name
POST   /event-types                  label                      label
POST   /event-types                  group                      label
POST   /event-types                  description                note
PUT    /event-types/{type}           label                      label
PUT    /event-types/{type}           group                      label
PUT    /event-types/{type}           description                note
PUT    /event-types/{type}           deprecated                 flag
POST   /events                       type                       published_type
POST   /events                       data                       payload
POST   /events                       subject                    subject
POST   /events                       programme                  reference
POST   /events                       id                         own_id
POST   /events                       created                    time
";

/// Path, parameter, values that are refused.
const PARAMETERS: &str = "
/webhooks                  page   0 -1 x 1.5 99999999999
/webhooks                  limit  0 101 -1 1000000000 x
/webhooks                  status Active x deleted
/webhooks                  event  no.such User.Created x user.*
/webhooks/{wh}/deliveries  limit  0 101 -1 1000000000
/webhooks/{wh}/deliveries  state  Ready x
/webhooks/{wh}/deliveries  before x garbage dlv_1 evt_00000000000000000000000001
/webhooks/{wh}/deliveries  after  x garbage dlv_1 evt_00000000000000000000000001
/events                    limit  0 101 -1 1000000000
/events                    type   no.such x
/events                    before x garbage evt_1 evt_00000000000000000000000001
/tokens                    page   0 -1 x
/tokens                    limit  0 101 -1 1000000000
";

struct Place {
    world: World,
    webhook: String,
}

impl Place {
    fn open(database: &TestDatabase) -> Self {
        let world = World::start(database, STRICT);
        let webhook = id(&world.webhook(&base("/webhooks", "url")));
        assert_eq!(world.api.post("/event-types", &json!({"name": "parcel.shipped"})).status, 201);
        Self { world, webhook }
    }

    fn path(&self, path: &str) -> String {
        path.replace("{wh}", &self.webhook).replace("{type}", "parcel.shipped")
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        let method: Method = method.parse().unwrap();
        let body = body.replace("{wh}", &self.webhook);
        send(
            self.world
                .request(method, &self.path(path))
                .header("content-type", "application/json")
                .body(body),
        )
    }
}

/// A good body of a route that leaves `field` to be set.
fn base(path: &str, field: &str) -> Value {
    let url = "https://example.com/h";
    match path {
        "/webhooks" if field.starts_with("endpoints") => {
            json!({"endpoints": [{"url": url}], "events": ["user.created"]})
        }
        "/webhooks" if field.starts_with("triggers") => {
            json!({"url": url, "triggers": [{"event": "user.created"}]})
        }
        "/webhooks" => json!({"url": url, "events": ["user.created"]}),
        "/webhooks/{wh}" if field.starts_with("triggers") => json!({"triggers": [{"event": "user.created"}]}),
        "/hooks" => json!({"target_url": url, "event": "user.created"}),
        "/replays" => json!({"webhook": "{wh}", "dry_run": true}),
        "/event-types" => json!({"name": "crate.opened"}),
        "/events" => json!({"type": "user.created", "data": {}}),
        _ => json!({}),
    }
}

/// Puts a value where a field's name says: `endpoints[0].url`.
fn put(body: &mut Value, field: &str, value: Value) {
    let pointer = format!("/{}", field.replace('[', "/").replace(']', "").replace('.', "/"));
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = body.pointer_mut(parent).unwrap();
    match parent {
        Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
        object => object[name] = value,
    }
}

fn every_field_refuses_what_its_kind_does_not_allow(database: &TestDatabase) {
    let place = Place::open(database);
    let before = database.digest();
    let mut wrong = Vec::new();
    for line in FIELDS.lines().filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [method, path, field, kind] = words[..] else { panic!("four words: {line}") };
        for Refused { row, value, codes } in values::refused(kind) {
            let mut body = base(path, field);
            put(&mut body, field, value.clone());
            let answer = place.ask(method, path, &body.to_string());
            let is_right = answer.status == 422 && {
                let told = faults(&answer);
                !told.is_empty() && told.iter().all(|fault| fits(fault, field, &codes))
            };
            let secret = value.as_str().filter(|text| kind == "secret" && text.trim().len() > 3);
            if !is_right || secret.is_some_and(|text| answer.body.contains(text)) {
                let given: String = value.to_string().chars().take(80).collect();
                wrong.push(format!(
                    "{row}: {method} {path} {field} = {given}, not {codes:?} but {}",
                    answer.body
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    database.assert_unchanged(&before, "refused fields");
}

/// Whether a fault names the field, or a part of it, with one of these codes.
fn fits(fault: &str, field: &str, codes: &[&str]) -> bool {
    let (name, code) = fault.split_once(' ').unwrap();
    let whole = field.split_once('[').map_or(field, |(list, _)| list);
    name.starts_with(whole) && codes.contains(&code)
}

fn names_are_kept_in_one_form(database: &TestDatabase) {
    let place = Place::open(database);
    for line in FIELDS.lines().filter(|line| line.ends_with(" name") || line.ends_with(" label")) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [method, path, field, _] = words[..] else { panic!("four words: {line}") };
        for (number, (typed, kept)) in values::NAMES.iter().enumerate() {
            let mut body = base(path, field);
            if path == "/event-types" {
                body["name"] = format!("crate.opened_{field}{number}").into();
            }
            put(&mut body, field, (*typed).into());
            let answer = place.ask(method, path, &body.to_string());
            let pointer = format!("/data/{}", field.replace('[', "/").replace(']', "").replace('.', "/"));
            let shown = format!("R13: {method} {path} {field}: {}", answer.body);
            assert!(answer.status < 300, "{shown}");
            assert_eq!(answer.json().pointer(&pointer), Some(&json!(kept)), "{shown}");
        }
    }
}

fn every_parameter_refuses_what_its_kind_does_not_allow(database: &TestDatabase) {
    let place = Place::open(database);
    for line in PARAMETERS.lines().filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [path, name, values @ ..] = &words[..] else { panic!("three words: {line}") };
        let path = place.path(path);
        for value in values.iter().copied().chain(["", "%00", "%ff"]) {
            let answer = place.world.api.get(&format!("{path}?{name}={value}"));
            let shown = format!("R15, R17, R18: {path} {name}={value}: {}", answer.body);
            assert_eq!(
                (answer.status, &answer.json()["code"]),
                (400, &json!("invalid_parameters")),
                "{shown}"
            );
            assert!(faults(&answer).iter().all(|fault| fault.starts_with(&format!("{name} "))), "{shown}");
        }
        let twice = place.world.api.get(&format!("{path}?{name}=1&{name}=1"));
        assert_eq!(twice.status, 400, "{path} {name}");
    }
    let past = place.world.api.get("/webhooks?page=9");
    assert_eq!(
        (past.status, &past.json()["data"], &past.json()["meta"]["total"]),
        (200, &json!([]), &json!(1)),
        "R16"
    );
}
