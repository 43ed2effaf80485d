//! Ids of another unit in the fields of forms, in queries and in JSON: they name nothing, like ids that never were.

use super::asking::{Principal, difference, without};
use super::routes::{Row, rows};
use super::things::{Things, at_rest};
use super::units::Both;
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::Answer;
use crate::support::receiver::Receiver;
use crate::web::site::{Person, Site};
use crate::web::wizard::typing::Form;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

both_databases!(
    an_id_of_another_unit_in_a_field_is_an_unknown_id,
    what_forms_and_programs_choose_themselves_is_their_units_own,
);

/// Method, address, status, of which kind the id is, and the query or the form that it stands in as `ASK`.
const FIELDS: &str = "
POST /bu/{bu}/admin/teams/{team}/members             422 login  login=ASK
POST /bu/{bu}/admin/users/{usr}/remove               422 login  heir=ASK
POST /bu/{bu}/admin/webhooks/{wh}/edit               422 login  press=next&w-for=ASK
POST /bu/{bu}/admin/webhooks/{wh}/edit               422 team   press=next&w-team=ASK
POST /bu/{bu}/admin/webhooks/{wh}/triggers           422 type   press=next&tr0-e=ASK
POST /bu/{bu}/admin/webhooks/{wh}/secret             404 ep     endpoint=ASK
POST /bu/{bu}/admin/webhooks/{wh}/test               422 ep     press=send&endpoint=ASK
POST /bu/{bu}/admin/webhooks/{wh}/test               422 type   press=send&event=ASK
POST /bu/{bu}/admin/webhooks/{wh}/test               200 type   press=sample&event=ASK
POST /bu/{bu}/admin/webhooks/{wh}/test               200 type   press=look&sample_of=ASK
POST /bu/{bu}/webhooks/new                           422 type   url=https://example.com/x&secret=a-secret-of-sixteen&events=ASK
POST /bu/{bu}/webhooks/new                           403 prg    url=https://example.com/x&secret=a-secret-of-sixteen&events=order.completed&programme=ASK
POST /bu/{bu}/webhooks/{wh}/events                   422 type   events=ASK
POST /bu/{bu}/programmes/{prg}/webhooks/new          422 type   url=https://example.com/x&secret=a-secret-of-sixteen&events=ASK
POST /bu/{bu}/matrix                                 409 wh     press=apply&kept=ASK:1:%2Border.refunded
POST /bu/{bu}/matrix                                 409 wh     press=review&kept=ASK:1:%2Border.refunded
POST /bu/{bu}/matrix                                 409 wh     press=apply&row=order.completed&on=9.9&col=ASK:1:0
POST /bu/{bu}/matrix                                 422 type   press=apply&url=https://example.com/x&kept_new=ASK
POST /bu/{bu}/replays/new                            422 wh     press=count&outcome=delivered&webhook=ASK
POST /bu/{bu}/replays/new                            422 wh     press=start&outcome=delivered&webhook=ASK
POST /bu/{bu}/replays/new                            422 type   press=count&outcome=delivered&webhook={wh}&type=ASK
GET  /bu/{bu}/replays/new                            200 wh     webhook=ASK
GET  /bu/{bu}/replays/new                            200 type   webhook={wh}&type=ASK
GET  /bu/{bu}/replays                                200 rpl    after=ASK
GET  /bu/{bu}/logs                                   404 wh     webhook=ASK
GET  /bu/{bu}/logs                                   200 type   type=ASK
GET  /bu/{bu}/logs                                   200 evt    q=ASK
GET  /bu/{bu}/logs/{evt}                             404 evt    after=ASK
GET  /bu/{bu}/admin/webhooks                         200 login  login=ASK
GET  /bu/{bu}/admin/webhooks                         200 team   team=ASK
GET  /bu/{bu}/admin/webhooks                         200 type   type=ASK
GET  /bu/{bu}/admin/webhooks                         200 wh     q=ASK
GET  /bu/{bu}/admin/webhooks/{wh}/test               404 evt    event=ASK
GET  /bu/{bu}/admin/users                            200 login  q=ASK
GET  /bu/{bu}/admin/teams                            200 team   q=ASK
GET  /bu/{bu}/programmes                             200 prg    q=ASK
GET  /bu/{bu}/programmes/{prg}                       404 prg    programme=ASK
GET  /bu/{bu}/webhooks                               200 wh     new=ASK
GET  /bu/{bu}/catalogue                              200 type   q=ASK
GET  /bu/{bu}/matrix                                 200 type   q=ASK
GET  /bu/{bu}/admin/audit                            200 login  actor=ASK
GET  /bu/{bu}/admin/audit                            200 wh     target=ASK
GET  /bu/{bu}/search                                 200 wh     q=ASK
GET  /bu/{bu}/search                                 200 evt    q=ASK
GET  /bu/{bu}/search                                 200 login  q=ASK
GET  /bu/{bu}/search                                 200 usr    q=ASK
GET  /bu/{bu}/search                                 200 team   q=ASK
";

/// The same through the API.
const JSON: &str = r#"
POST /events                 422 login {"type":"order.completed","data":{},"subject":"ASK"}
POST /events                 422 usr   {"type":"order.completed","data":{},"subject":"ASK"}
POST /events                 422 prg   {"type":"order.completed","data":{},"programme":"ASK"}
POST /events                 422 type  {"type":"ASK","data":{}}
POST /webhooks               422 type  {"url":"https://example.com/x","events":["ASK"]}
POST /webhooks               422 team  {"url":"https://example.com/x","events":["order.completed"],"for_team":"ASK"}
POST /webhooks               422 login {"url":"https://example.com/x","events":["order.completed"],"for_login":"ASK"}
PUT  /webhooks/{wh}          422 type  {"events":["ASK"]}
PUT  /webhooks/{wh}          422 ep    {"endpoints":[{"id":"ASK","url":"https://example.com/x"}]}
POST /webhooks/{wh}/test     422 type  {"event":"ASK"}
POST /webhooks/{wh}/test     422 ep    {"event":"order.completed","endpoint":"ASK"}
POST /hooks                  422 type  {"target_url":"https://example.com/x","event":"ASK"}
POST /replays                422 wh    {"webhook":"ASK"}
GET  /webhooks?event=ASK     400 type  {}
GET  /events?type=ASK        400 type  {}
"#;

fn lines(text: &'static str) -> impl Iterator<Item = [&'static str; 5]> {
    text.lines().filter(|line| !line.is_empty()).map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.try_into().unwrap_or_else(|_| panic!("five words: {line}"))
    })
}

/// What an answer tells apart from the id that was asked for and from what a form has anew each time.
fn told(who: &Principal, answer: &Answer, asked: &str) -> (u16, String, String) {
    let (status, to, page) = who.told(answer);
    let page = ["draft", "new_id", "form_id", "counted"]
        .iter()
        .fold(page, |page, name| without(&page, &format!("name=\"{name}\" value=\""), "\""));
    // From when on a live list goes on.
    let page = without(&page, "&#38;after=", "\"");
    (status, to.replace(asked, "ASKED"), unasked(&page, asked))
}

/// A text without an id: the whole one, and the end of it that tables show.
fn unasked(text: &str, asked: &str) -> String {
    let text = text.replace(asked, "ASKED");
    match asked.split_once('_') {
        Some((kind, id)) => text.replace(&format!("{kind}_…{}", &id[id.len() - 6..]), "ASKED"),
        None => text,
    }
}

fn an_id_of_another_unit_in_a_field_is_an_unknown_id(database: &TestDatabase) {
    let receiver = Receiver::start();
    let both = Both::make(database, &receiver);
    let Both { site, ours, theirs, our_owner, .. } = &both;
    let never = theirs.neighbours();
    let who = Principal::of(site, our_owner, 8, &[format!("/bu/{}", site.bu)]);
    let person = site.again(&our_owner.email);
    at_rest(database);
    let (before, known, mut wrong) = (database.digest(), rows(), Vec::new());
    for [method, path, status, kind, form] in lines(FIELDS) {
        let row = known.iter().find(|row| row.path == path).unwrap_or_else(|| panic!("{path} is no route"));
        let [foreign, unknown] = [theirs, &never].map(|of| {
            let form = ours.fill(form).replace("ASK", of.id(kind));
            let answer = ask(&who, method, row, ours, &form);
            (answer.status, told(&who, &answer, of.id(kind)))
        });
        let what = format!("I13: {method} {path} {form}");
        assert_eq!((foreign.1.0, &foreign.1.1), (unknown.1.0, &unknown.1.1), "{what}");
        wrong.extend(difference(&foreign.1.2, &unknown.1.2).map(|parts| format!("{what}: {parts:#?}")));
        if foreign.0.to_string() != status {
            wrong.push(format!("{what} is {}, not {status}", foreign.0));
        }
    }
    for (kind, field) in [("login", "w-for"), ("team", "w-team"), ("type", "tr0-e")] {
        let [foreign, unknown] = [theirs, &never].map(|of| {
            let answer = add(&person, site, field, of.id(kind));
            assert_eq!(answer.status, 422, "I13: the wizard's {field}");
            told(&who, &answer, of.id(kind)).2
        });
        let parts = difference(&foreign, &unknown);
        wrong.extend(parts.map(|parts| format!("I13: the wizard's {field}: {parts:#?}")));
    }
    for [method, path, status, kind, body] in lines(JSON) {
        let [foreign, unknown] = [theirs, &never].map(|of| {
            let of = of.id(kind);
            let body =
                body.replace("\"ASK\"", &if kind == "login" { of.to_owned() } else { format!("\"{of}\"") });
            let (path, body) = (ours.fill(path).replace("ASK", of), serde_json::from_str(&body).unwrap());
            let answer = by_api(site, method, &path, &body);
            let mut told = answer.json();
            told.as_object_mut().unwrap().remove("request_id");
            (answer.status, unasked(&told.to_string(), of))
        });
        let what = format!("I13: {method} {path} {body}");
        assert_eq!(foreign, unknown, "{what}");
        if foreign.0.to_string() != status {
            wrong.push(format!("{what} is {}, not {status}", foreign.0));
        }
    }
    assert!(wrong.is_empty(), "I13: {wrong:#?}");
    database.assert_unchanged(&before, "I13");
}

fn ask(who: &Principal, method: &str, row: &Row, ours: &Things, form: &str) -> Answer {
    let path = ours.fill(row.path);
    match method {
        "GET" => who.open(&Method::GET, &format!("{path}?{form}")),
        _ => who.submit_with(row, ours, &path, form),
    }
}

fn by_api(site: &Site, method: &str, path: &str, body: &Value) -> Answer {
    match method {
        "GET" => site.api.get(path),
        "PUT" => site.api.put(path, body),
        _ => site.api.post(path, body),
    }
}

/// Goes through the wizard with this in one of its fields.
fn add(person: &Person, site: &Site, field: &str, value: &str) -> Answer {
    let typed = |form: Form| if form.has(field) { form.with(field, value) } else { form };
    let first = typed(Form::open(person, site).with("w-name", "Another")).press(person, "next");
    if first.answer.status == 422 {
        return first.answer;
    }
    let second = typed(first.with("ep0-url", "https://example.com/x")).press(person, "next");
    let chosen = if field == "tr0-e" { second } else { second.with("tr0-e", "order.completed") };
    typed(chosen).send(person, "next")
}

fn what_forms_and_programs_choose_themselves_is_their_units_own(database: &TestDatabase) {
    let receiver = Receiver::start();
    let both = Both::make(database, &receiver);
    let Both { site, ours, theirs, our_owner, their_owner } = &both;
    let known = rows();
    let row = |path: &str| *known.iter().find(|row| row.path == path).unwrap();
    let of = |person: &Person, bu: &str| Principal::of(site, person, 2, &[format!("/bu/{bu}")]);
    let (we, they) = (of(our_owner, &site.bu), of(their_owner, &site.other_bu));
    // I14: a form is sent once in each unit, whatever others call theirs.
    let form = "name=Same&scopes=events:read&form_id=one-form";
    let new = row("/bu/{bu}/admin/api/tokens/new");
    for (who, things) in [(&we, ours), (&they, theirs)] {
        assert_eq!(
            who.submit_with(&new, things, &things.fill(new.path), form).status,
            200,
            "I14: {}",
            who.name
        );
        let again = who.submit_with(&new, things, &things.fill(new.path), form);
        assert_eq!(again.status, 409, "I14: {}", who.name);
    }
    // A new webhook does not tell whether the id that its form brings is one of another unit.
    let matrix = row("/bu/{bu}/matrix");
    let mut made = BTreeSet::new();
    for of in [theirs, &Things::never()] {
        let form = format!("{}&new_id={}", matrix.form, of.id("wh"));
        let answer = we.submit_with(&matrix, ours, &ours.fill(matrix.path), &form);
        assert_eq!(answer.status, 200, "I13: {answer:?}");
        let all = site.api.get("/webhooks?limit=100").json()["data"].as_array().unwrap().clone();
        let ids: BTreeSet<String> = all.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
        assert!(!ids.contains(theirs.id("wh")));
        assert!(ids.len() > made.len(), "one more");
        made = ids;
    }
    let kept = site.other_api.get(&format!("/webhooks/{}", theirs.id("wh"))).json();
    assert_eq!(kept["data"]["url"], json!(receiver.url("/in")));
    at_rest(database);
}
