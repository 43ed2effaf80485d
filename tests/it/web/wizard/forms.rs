//! The wizard as plain forms: forward, back, with errors, and what stays secret.

use super::typing::Form;
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::send;
use crate::support::receiver::Receiver;
use crate::web::site::{Person, Site, between, until};
use reqwest::Method;
use serde_json::json;

both_databases!(
    everything_that_was_typed_is_one_webhook,
    nothing_typed_is_lost_by_errors_or_by_going_back,
    a_typed_secret_is_kept_but_never_shown_again,
    a_form_makes_one_webhook_and_shows_its_secret_once,
    a_filter_is_tried_on_what_happened,
    a_pair_that_does_not_exist_is_not_taken,
    a_webhook_is_for_everyone_or_one_login_or_one_team,
    the_wizard_is_for_who_may_add_webhooks,
    a_draft_is_good_in_its_session_and_unit_only,
    counts_have_limits,
);

const LONG_SECRET: &str = "typed-signing-secret-0001";

fn secret_in(page: &str) -> Option<&str> {
    between(page, "<output id=\"webhook-secret\" class=\"break\">", "</output>")
}

fn everything_that_was_typed_is_one_webhook(database: &TestDatabase) {
    let (site, receiver) = (Site::open(database), Receiver::start());
    let person = site.person("developer");
    let list = person.get(&site.webhooks()).body;
    assert!(list.contains(&format!("href=\"{}/new\"", site.webhooks())) && list.contains("Add Webhook"));

    let first =
        Form::open(&person, &site).with("w-name", "Order <b>desk</b>").with("w-desc", "Line 1\nLine 2");
    let second = first.press(&person, "next");
    let second =
        second.with("ep0-url", &receiver.url("/one")).with("ep0-info", "EU region").with("ep0-to", "5");
    let second =
        second.with("ep0-hk0", "X-Region").with("ep0-hv0", "eu-west").with("ep0-sv", "static-secret-1");
    let second = second.with("ep0-retry", "own").with("ep0-waits", "5s, 5m").with("ep0-rate", "50");
    let second = second.press(&person, "add-endpoint").with("ep1-url", &receiver.url("/two"));
    let second = second.with("ep1-sec", "own").with("ep1-own", LONG_SECRET).with("ep1-retry", "none");
    let third = second.press(&person, "next").with("tr0-r", "order").press(&person, "look");
    let third = third.with("tr0-e", "order.completed").with("tr0-i", "For the desk");
    let third = third.with("tr0-cp0", "total").with("tr0-co0", "gt").with("tr0-cv0", "100");
    let third = third.press(&person, "add-trigger").with("tr1-r", "user").press(&person, "look");
    let third = third.with("tr1-e", "user.created").press(&person, "look");
    assert!(
        third
            .answer
            .body
            .contains("When an order is <b>completed</b> with <b>total &#62; 100</b>, or a user is")
    );

    let made = third.send(&person, "next");
    assert_eq!(made.status, 200, "{}", made.body);
    let secret = secret_in(&made.body).unwrap().to_owned();
    assert!(secret.starts_with("whsec_"));
    assert!(made.body.contains("Endpoints with a secret of your own sign with that one instead."));
    let all = site.api.get("/webhooks").json();
    assert_eq!(all["meta"]["total"], 1);
    let id = all["data"][0]["id"].as_str().unwrap().to_owned();
    let webhook = site.api.get(&format!("/webhooks/{id}")).json()["data"].clone();
    assert_eq!(webhook["name"], "Order <b>desk</b>");
    assert_eq!(webhook["description"], "Line 1\nLine 2");
    assert_eq!(webhook["status"], "active");
    assert_eq!(webhook["events"], json!(["order.completed", "user.created"]));
    let endpoint = |i: usize, field: &str| webhook["endpoints"][i][field].clone();
    assert_eq!(endpoint(0, "name"), "EU region");
    assert_eq!((endpoint(0, "timeout_ms"), endpoint(0, "retry")), (json!(5000), json!([5, 300])));
    assert_eq!((endpoint(0, "rate_per_second"), endpoint(1, "retry")), (json!(50), json!("none")));
    assert_eq!(webhook["triggers"][0]["filter"], json!([{"path": "total", "op": "gt", "value": 100}]));
    assert_eq!(webhook["triggers"][0]["note"], "For the desk");

    site.publish();
    let requests = until(|| Some(receiver.requests()).filter(|all| all.len() == 2));
    for request in requests {
        let key = if request.path == "/two" { LONG_SECRET } else { secret.as_str() };
        assert_eq!(
            request.header("x-webhook-signature"),
            Some(hex_hmac(key, &request.body).as_str()),
            "{}",
            request.path
        );
        if request.path == "/one" {
            let sent = (request.header("x-region"), request.header("qn-secret"));
            assert_eq!(sent, (Some("eu-west"), Some("static-secret-1")));
        }
    }
}

fn nothing_typed_is_lost_by_errors_or_by_going_back(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("developer");
    let form = Form::open(&person, &site).with("w-name", "  ").with("w-desc", "Why \"this\" is & was");
    let form = form.with("w-for", "somebody").press(&person, "next");
    assert!(
        form.is_wrong("w-name", "A name is required.")
            && form.is_wrong("w-for", "Enter the number of a login")
    );
    assert_eq!((form.value("w-desc"), form.value("w-for")), ("Why \"this\" is & was", "somebody"));
    assert!(form.answer.body.contains("<title>Error: Add Webhook, step 1"));
    let form = form.with("w-name", "Desk").with("w-for", "99999").press(&person, "next");
    assert!(form.is_wrong("w-for", "No login of this business unit has this number."));
    let form = form.with("w-for", "").press(&person, "next");
    assert_eq!(form.answer.status, 200);

    let form = form.with("ep0-url", "http://10.0.4.12/hooks").with("ep0-hk0", "Host").with("ep0-hv0", "x");
    let form = form.with("ep0-retry", "own").with("ep0-waits", "soon").with("ep0-rate", "many");
    let form = form.press(&person, "next");
    assert!(form.is_wrong("ep0-url", "The address is not on the public internet."));
    assert!(form.is_wrong("ep0-hk0", "Choose another name.") && form.is_wrong("ep0-waits", "retry schedule"));
    assert!(form.is_wrong("ep0-rate", "Use 1 to 10,000 deliveries a second."));
    assert_eq!(
        (form.value("ep0-waits"), form.value("ep0-rate"), form.value("ep0-hv0")),
        ("soon", "many", "x")
    );
    let form = form.with("ep0-url", "https://example.com/h").with("ep0-waits", "5s").press(&person, "next");
    assert!(form.is_wrong("ep0-hk0", "Choose another name."));

    // Back with something wrong on the page, and on again.
    let back = form.press(&person, "back");
    assert_eq!((back.answer.status, back.value("w-name")), (200, "Desk"));
    let form = back.press(&person, "next");
    assert_eq!((form.value("ep0-rate"), form.value("ep0-hk0")), ("many", "Host"));
    let form = form.with("ep0-rate", "9").with("ep0-hk0", "X-Region").press(&person, "next");
    let form = form.with("tr0-i", "A note").press(&person, "next");
    assert!(form.is_wrong("tr0-r", "Choose a resource"));
    let form = form.without("w-active").press(&person, "back").press(&person, "back");
    assert_eq!(form.value("w-desc"), "Why \"this\" is & was");
    let form = form.press(&person, "next").press(&person, "next");
    assert_eq!(form.value("tr0-i"), "A note");
    let form = form.with("tr0-r", "order").press(&person, "look").with("tr0-e", "order.refunded");
    let form = form.with("tr0-cp0", "a..b").with("tr0-cv0", "1").press(&person, "next");
    assert!(form.is_wrong("tr0-cp0", "The path cannot be read."));
    assert_eq!((form.value("tr0-e"), form.value("tr0-cv0")), ("order.refunded", "1"));
    assert_eq!(form.with("tr0-cp0", "a").send(&person, "next").status, 200);
    let webhook = site.api.get("/webhooks").json()["data"][0].clone();
    assert_eq!((&webhook["status"], &webhook["url"]), (&json!("inactive"), &json!("https://example.com/h")));
}

fn a_typed_secret_is_kept_but_never_shown_again(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("developer");
    let secrets = [LONG_SECRET, "typed-static-secret", "Bearer typed-credential"];
    let form = Form::endpoints(&person, &site, "Desk").with("ep0-url", "https://example.com/h");
    let form = form.with("ep0-sec", "own").with("ep0-own", secrets[0]).with("ep0-sv", secrets[1]);
    let form = form.with("ep0-hk0", "Authorization").with("ep0-hv0", secrets[2]);
    let mut pages = vec![form.press(&person, "add-endpoint")];
    for (button, field, value) in [
        ("next", "ep1-url", "nonsense"),
        ("back", "ep1-url", "https://two.example.com/h"),
        ("next", "w-name", "Desk two"),
        ("next", "ep0-info", "typed later"),
    ] {
        let next = pages.pop().unwrap().with(field, value).press(&person, button);
        pages.push(next);
        let page = &pages[0].answer;
        assert!(secrets.iter().all(|secret| !page.body.contains(secret)), "{button} {field}");
        assert_eq!(page.header("cache-control"), "no-store");
    }
    let form =
        pages.pop().unwrap().with("tr0-r", "order").press(&person, "look").with("tr0-e", "order.completed");
    let made = form.send(&person, "next");
    assert!(made.status == 200 && secrets.iter().all(|secret| !made.body.contains(secret)), "{}", made.body);
    let all = site.api.get("/webhooks").json();
    let id = all["data"][0]["id"].as_str().unwrap();
    let webhook = site.api.get(&format!("/webhooks/{id}")).json();
    assert_eq!(webhook["data"]["endpoints"][0]["custom_headers"], true);
    assert!(secrets.iter().all(|secret| !site.said().contains(secret)), "no log holds them");

    // A refused secret is asked for again, and not echoed.
    let form = Form::endpoints(&person, &site, "Till").with("ep0-url", "https://example.com/h");
    let form = form.with("ep0-sec", "own").with("ep0-own", "too-short").press(&person, "next");
    assert!(form.is_wrong("ep0-own", "16 to 256") && !form.answer.body.contains("too-short"));
}

fn a_form_makes_one_webhook_and_shows_its_secret_once(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("developer");
    let form = Form::triggers(&person, &site, "Desk", "https://example.com/h");
    let form = form.with("tr0-r", "order").press(&person, "look").with("tr0-e", "order.completed");
    let made = form.send(&person, "next");
    let secret = secret_in(&made.body).unwrap().to_owned();
    assert_eq!(made.header("cache-control"), "no-store");
    assert!(made.body.contains("Desk") && !made.body.contains("<dialog"));
    let again = form.send(&person, "next");
    assert_eq!(again.status, 409);
    assert!(again.body.contains("This webhook is there already.") && !again.body.contains(&secret));
    assert!(!person.get(&site.webhooks()).body.contains(&secret));
    assert_eq!(site.api.get("/webhooks").json()["meta"]["total"], 1);
    assert!(!site.said().contains(&secret[6..]));
    // Deleted or not: the form has done its work.
    let id = site.api.get("/webhooks").json()["data"][0]["id"].as_str().unwrap().to_owned();
    site.api.delete(&format!("/webhooks/{id}"));
    assert_eq!(form.send(&person, "next").status, 409);
    assert_eq!(site.api.get("/webhooks").json()["meta"]["total"], 0);
}

fn a_filter_is_tried_on_what_happened(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("developer");
    for total in [50, 184, 900] {
        let event = json!({"type": "order.completed", "data": {"total": total}});
        assert_eq!(site.api.post("/events", &event).status, 202);
    }
    let form = Form::triggers(&person, &site, "Desk", "https://example.com/h");
    let form = form.with("tr0-r", "order").press(&person, "look").with("tr0-e", "order.completed");
    let said = |form: &Form| {
        let trial = between(&form.answer.body, "id=\"tr0-tried\"", "</p>").unwrap();
        trial.split_once('>').unwrap().1.to_owned()
    };
    let form = form.press(&person, "look-0");
    assert_eq!(said(&form), "Without a condition, every event passes.");
    let form = form.with("tr0-cp0", "total").with("tr0-co0", "gt").press(&person, "look-0");
    assert_eq!(said(&form), "Complete each condition, and the filter is tried on the last events.");
    let form = form.with("tr0-cv0", "100").press(&person, "look-0");
    assert_eq!(said(&form), "2 of the last 3 order.completed events would have matched.");
    let form = form.press(&person, "add-condition-0").with("tr0-cp1", "total").with("tr0-co1", "in");
    let form = form.with("tr0-cv1", "184, 5").press(&person, "look-0");
    assert_eq!(said(&form), "1 of the last 3 order.completed events would have matched.");
    let form = form.press(&person, "remove-condition-0-0").press(&person, "look-0");
    assert_eq!(form.value("tr0-cv0"), "184, 5");
    let form = form.with("tr0-e", "order.refunded").press(&person, "look-0");
    assert_eq!(said(&form), "No order.refunded event among the last 2,000 events to try it on.");
}

fn a_pair_that_does_not_exist_is_not_taken(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("developer");
    let form = Form::triggers(&person, &site, "Desk", "https://example.com/h");
    for (resource, event) in
        [("user", "order.completed"), ("webhook", "webhook.test"), ("moon", "moon.landed")]
    {
        let form = form.press(&person, "look").with("tr0-r", resource).with("tr0-e", event);
        let refused = form.press(&person, "next");
        assert!(
            refused.is_wrong("tr0-e", "Choose an event") || refused.is_wrong("tr0-e", "not in the catalogue")
        );
    }
    let twice = form.with("tr0-r", "order").press(&person, "add-trigger").with("tr1-r", "order");
    let twice =
        twice.with("tr0-e", "order.completed").press(&person, "look").with("tr1-e", "order.completed");
    assert!(twice.press(&person, "next").is_wrong("tr1-e", "This event is chosen already."));
    assert_eq!(site.api.get("/webhooks").json()["meta"]["total"], 0);
}

fn a_webhook_is_for_everyone_or_one_login_or_one_team(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("developer");
    let (ours, theirs) = ("team_01m7xr0hxzej8sv3z6fsjy47ak", "team_01m7xr0hxzej8sv3z6fsjy47am");
    for (team, bu) in [(ours, &site.bu), (theirs, &site.other_bu)] {
        let values = format!("VALUES ('{team}', '{bu}', 'EMEA <Sales>', 1)");
        database.execute(&format!("INSERT INTO teams (id, bu_id, name, created_at) {values}"));
    }
    let list = person.get(&site.webhooks()).body;
    let number = between(&list, "/connect/", "\"").unwrap();
    let form = Form::open(&person, &site).with("w-name", "Desk");
    assert!(form.answer.body.contains("EMEA &#60;Sales&#62;") && !form.answer.body.contains(theirs));
    let both = form.with("w-for", number).with("w-team", ours).press(&person, "next");
    assert!(both.is_wrong("w-team", "Choose a login or a team."));
    let foreign = both.with("w-for", "").with("w-team", theirs).press(&person, "next");
    assert!(foreign.is_wrong("w-team", "No team of this business unit has this id."));
    for (field, value, said) in [
        ("w-team", ours, "for <b>EMEA &#60;Sales&#62;</b>, "),
        ("w-for", number, &format!("for <b>login {number}</b>, ")),
    ] {
        let form =
            Form::open(&person, &site).with("w-name", "Desk").with(field, value).press(&person, "next");
        let form = form.with("ep0-url", "https://example.com/h").press(&person, "next");
        let form = form.with("tr0-r", "order").press(&person, "look").with("tr0-e", "order.completed");
        let form = form.press(&person, "look");
        assert!(form.answer.body.contains(said), "{}", form.answer.body);
        assert_eq!(form.send(&person, "next").status, 200);
    }
    let list = person.get(&site.webhooks()).body;
    let cells = |name: &str, holds: &str| {
        let before = format!("data-label=\"{name}\"");
        list.split(&before).skip(1).filter(|cell| cell.split("</td>").next().unwrap().contains(holds)).count()
    };
    assert_eq!(cells("Login", number), 2, "who made them: {list}");
    assert_eq!((cells("For Login", number), cells("For Login", "Any")), (1, 1));
    assert_eq!(cells("Team", "EMEA &#60;Sales&#62;"), 1);
    let all = site.api.get("/webhooks").json()["data"].clone();
    let scopes: Vec<_> = all.as_array().unwrap().iter().map(|w| (&w["for_login"], &w["for_team"])).collect();
    let (none, login) = (json!(null), json!(number.parse::<i64>().unwrap()));
    let team = scopes.iter().find(|(login, _)| **login == none).map(|(_, team)| (*team).clone()).unwrap();
    assert!(team == json!("EMEA <Sales>") || team == json!(ours), "{team}");
    assert!(scopes.contains(&(&login, &none)), "{scopes:?}");
}

fn the_wizard_is_for_who_may_add_webhooks(database: &TestDatabase) {
    let site = Site::open(database);
    let viewer = site.person("viewer");
    let path = format!("{}/new", site.webhooks());
    assert!(!viewer.get(&site.webhooks()).body.contains(&path));
    let refused = viewer.get(&path);
    assert!(refused.status == 403 && refused.body.contains("You do not have permission"));
    assert_eq!(viewer.send(&path, &viewer.token(&site.webhooks()), &[]).status, 403);
    let developer = site.person("developer");
    let other = format!("/bu/{}/admin/webhooks/new", site.other_bu);
    assert_eq!(developer.get(&other).status, 404);
    let form = Form::open(&developer, &site);
    assert_eq!(developer.send(&other, form.value("csrf"), &[("draft", form.value("draft"))]).status, 404);
}

fn a_draft_is_good_in_its_session_and_unit_only(database: &TestDatabase) {
    let site = Site::open(database);
    let (one, other) = (site.person("developer"), site.person("admin"));
    let (form, theirs) = (Form::open(&one, &site), Form::open(&other, &site));
    let path = format!("{}/new", site.webhooks());
    let sent = |person: &Person, csrf: &str, draft: &str| {
        person.send(&path, csrf, &[("draft", draft), ("w-name", "Desk"), ("press", "next")]).status
    };
    assert_eq!(sent(&one, form.value("csrf"), form.value("draft")), 200);
    assert_eq!(sent(&one, form.value("csrf"), theirs.value("draft")), 403);
    assert_eq!(sent(&one, form.value("csrf"), ""), 403);
    assert_eq!(sent(&one, theirs.value("csrf"), form.value("draft")), 403);
    let htmx = send(one.request(Method::GET, &path).header("hx-request", "true"));
    assert!(
        htmx.body.trim_start().starts_with("<dialog class=\"dialog\" open data-modal=\"keep\""),
        "{}",
        htmx.body
    );
}

fn counts_have_limits(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("developer");
    let mut form = Form::endpoints(&person, &site, "Desk");
    for _ in 1..20 {
        form = form.press(&person, "add-endpoint");
    }
    assert!(form.answer.body.contains("ep19-url") && !form.answer.body.contains("Add another endpoint"));
    // What no form could carry on stays where it was typed.
    let mut long =
        form.with("ep0-url", "https://example.com").with("ep0-hk0", "X-0").with("ep0-hv0", &"v".repeat(4000));
    for i in 1..10 {
        long = long.press(&person, "add-header-0").with(&format!("ep0-hk{i}"), &format!("X-{i}"));
        long = long.with(&format!("ep0-hv{i}"), &"v".repeat(4000));
    }
    for button in ["back", "add-header-0"] {
        long = long.press(&person, button);
        assert_eq!(long.answer.body.contains("more than one form can hold"), button == "back");
        assert_eq!(long.value("ep0-hv9").len(), 4000);
    }
    let more = Form::endpoints(&person, &site, "Desk");
    let more = (0..25).fold(more, |form, _| form.press(&person, "add-endpoint"));
    assert!(!more.answer.body.contains("ep20-url"));
    let fewer = more.with("ep1-url", "https://second.example.com").press(&person, "remove-endpoint-0");
    assert_eq!(fewer.value("ep0-url"), "https://second.example.com");
    assert!(!fewer.answer.body.contains("ep19-url"));
    for odd in ["remove-endpoint-99", "remove-header-0-9", "add-header-77", "remove-trigger--1"] {
        assert_ne!(fewer.press(&person, odd).answer.status, 500, "{odd}");
    }
}

fn hex_hmac(key: &str, body: &[u8]) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}
