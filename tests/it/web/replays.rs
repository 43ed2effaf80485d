//! Replays in the dashboard: counted first, started, watched, stopped.

use super::site::{Person, Site, between, until};
use crate::support::axe::axe;
use crate::support::browser::{SCREENS, browse, browse_without_scripts};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::receiver::Receiver;
use serde_json::json;
use thirtyfour::prelude::*;

both_databases!(
    a_replay_is_counted_started_and_watched_to_its_end,
    a_replay_is_stopped,
    what_cannot_be_replayed_is_told_beside_what_was_typed,
    a_viewer_watches_and_other_units_have_no_replays,
);

/// A webhook that was inactive while so many events happened, and is active now.
fn missed(site: &Site, url: &str, events: usize) -> String {
    let webhook = site.webhook("Order desk", url);
    let at = format!("/webhooks/{webhook}");
    assert_eq!(site.api.put(&at, &json!({"status": "inactive"})).status, 200);
    for _ in 0..events {
        site.publish();
    }
    assert_eq!(site.api.put(&at, &json!({"status": "active"})).status, 200);
    webhook
}

fn new(site: &Site) -> String {
    format!("/bu/{}/replays/new", site.bu)
}

/// Counts and starts; where the replay's page is.
fn started(person: &Person, site: &Site, webhook: &str, pace: &str) -> String {
    let (path, token) = (new(site), person.token(&site.webhooks()));
    let fields = [("webhook", webhook), ("outcome", "skipped"), ("pace", pace)];
    let counted = person.send(&path, &token, &[&fields[..], &[("press", "count")]].concat());
    let of = between(&counted.body, "name=\"counted\" value=\"", "\"").expect("a count").to_owned();
    let made = person.send(&path, &token, &[&fields[..], &[("press", "start"), ("counted", &of)]].concat());
    assert_eq!(made.status, 303, "{made:?}");
    made.header("location").to_owned()
}

fn a_replay_is_counted_started_and_watched_to_its_end(database: &TestDatabase) {
    let (site, receiver) = (Site::open(database), Receiver::start());
    let webhook = missed(&site, &receiver.url("/in"), 3);
    let person = site.person("developer");
    let log = person.get(&format!("/bu/{}/logs?webhook={webhook}", site.bu)).body;
    let link = between(&log, "href=\"/bu/", "\"").map(|_| format!("replays/new?webhook={webhook}")).unwrap();
    assert!(log.contains(&link), "Event Logs lead to a replay of what they list");
    let form = person.get(&format!("{}?webhook={webhook}", new(&site))).body;
    assert!(form.contains(&format!("value=\"{webhook}\" selected")) && form.contains("Not counted yet"));

    let token = person.token(&new(&site));
    let fields =
        [("webhook", webhook.as_str()), ("outcome", "skipped"), ("outcome", "exhausted"), ("pace", "50")];
    let counted = person.send(&new(&site), &token, &[&fields[..], &[("press", "count")]].concat());
    assert_eq!(counted.status, 200);
    assert!(counted.body.contains("<h2>3 deliveries</h2>") && counted.body.contains("takes about 1 second"));
    // Who starts something else than what was counted sees that counted first.
    let other = [&fields[..2], &[("press", "start"), ("counted", "x")]].concat();
    assert!(person.send(&new(&site), &token, &other).body.contains("<h2>3 deliveries</h2>"));
    assert_eq!(receiver.requests().len(), 0, "counting sends nothing");

    let page = started(&person, &site, &webhook, "50");
    let shown = until(|| Some(person.get(&page).body).filter(|body| body.contains("3 delivered")));
    assert!(shown.contains("Replay of skipped events") && shown.contains("Order desk, everything up to"));
    let done = until(|| Some(person.get(&page).body).filter(|body| body.contains("Finished")));
    assert!(done.contains("3 of 3 events sent.") && !done.contains("hx-trigger=\"every"), "{done}");
    assert_eq!(receiver.requests().len(), 3);
    let list = person.get(&format!("/bu/{}/replays", site.bu)).body;
    assert!(list.contains(&page) && list.contains("skipped events") && list.contains("3 of 3"), "{list}");
}

fn a_replay_is_stopped(database: &TestDatabase) {
    let (site, receiver) = (Site::open(database), Receiver::start());
    let webhook = missed(&site, &receiver.url("/in"), 30);
    let person = site.person("developer");
    let page = started(&person, &site, &webhook, "1");
    let shown = person.get(&page).body;
    assert!(shown.contains("Replaying skipped events") && shown.contains("30 events sent"), "{shown}");
    let token = person.token(&page);
    let second = person.send(
        &new(&site),
        &token,
        &[("webhook", &webhook), ("outcome", "skipped"), ("press", "count")],
    );
    let of = between(&second.body, "name=\"counted\" value=\"", "\"").unwrap().to_owned();
    let fields =
        [("webhook", webhook.as_str()), ("outcome", "skipped"), ("press", "start"), ("counted", &of)];
    let second = person.send(&new(&site), &token, &fields);
    assert_eq!(second.status, 409);
    assert!(second.body.contains("A replay of this webhook is running."), "{second:?}");

    let stopped = person.send(&format!("{page}/cancel"), &token, &[]);
    assert_eq!((stopped.status, stopped.header("location")), (303, page.as_str()));
    let after = person.get(&page).body;
    assert!(after.contains("Replay stopped") && after.contains(">Stopped</h2>"), "{after}");
    assert_eq!(person.send(&format!("{page}/cancel"), &token, &[]).status, 303, "once more changes nothing");
    assert!(receiver.requests().len() < 30);
}

fn what_cannot_be_replayed_is_told_beside_what_was_typed(database: &TestDatabase) {
    let site = Site::open(database);
    let webhook = site.webhook("Order desk", "https://example.com/h");
    let (person, path) = (site.person("developer"), new(&site));
    let token = person.token(&path);
    let send =
        |fields: &[(&str, &str)]| person.send(&path, &token, &[fields, &[("press", "count")]].concat());
    let none = send(&[("outcome", "skipped"), ("pace", "7")]);
    assert_eq!(none.status, 422);
    assert!(none.body.contains("Choose the webhook.") && none.body.contains("value=\"7\""), "{none:?}");
    assert!(none.body.contains("<title>Error: Start a replay"));
    let ours = ("webhook", webhook.as_str());
    for (fields, sentence) in [
        (vec![ours], "Use some of delivered, exhausted, cancelled and skipped."),
        (vec![ours, ("outcome", "skipped"), ("pace", "0")], "Use 1 to 1,000 deliveries a second."),
        (vec![ours, ("outcome", "skipped"), ("pace", "many")], "Use 1 to 1,000 deliveries a second."),
        (vec![ours, ("outcome", "skipped"), ("from", "soon")], "Use a time such as"),
        (
            vec![ours, ("outcome", "skipped"), ("from", "2026-03-02T12:00"), ("to", "2026-03-01T12:00")],
            "The time must begin before it ends",
        ),
    ] {
        let answer = send(&fields);
        assert_eq!(answer.status, 422, "{fields:?}");
        assert!(answer.body.contains(sentence), "{fields:?}: {answer:?}");
    }
    let theirs = site.other_webhook();
    let refused = [theirs.as_str(), "wh_00000000000000000000000001"].map(|id| {
        let answer = send(&[("webhook", id), ("outcome", "skipped")]);
        (answer.status, answer.body.replace(answer.header("x-request-id"), "").replace(id, "ID"))
    });
    assert_eq!(refused[0].0, 422);
    assert_eq!(refused[0], refused[1], "I13");
    let nothing = send(&[ours, ("outcome", "skipped")]);
    assert!(
        nothing.body.contains("<h2>0 deliveries</h2>") && nothing.body.contains("value=\"start\" disabled")
    );
}

fn a_viewer_watches_and_other_units_have_no_replays(database: &TestDatabase) {
    let (site, receiver) = (Site::open(database), Receiver::start());
    let webhook = missed(&site, &receiver.url("/in"), 2);
    let (person, viewer) = (site.person("developer"), site.person("viewer"));
    let page = started(&person, &site, &webhook, "1");
    let shown = viewer.get(&page);
    assert_eq!(shown.status, 200);
    assert!(!shown.body.contains("/cancel"));
    let token = viewer.token(&page);
    assert_eq!(viewer.send(&format!("{page}/cancel"), &token, &[]).status, 403);
    assert_eq!(viewer.get(&new(&site)).status, 403);
    let list = viewer.get(&format!("/bu/{}/replays", site.bu)).body;
    assert!(list.contains(&page) && !list.contains("Start a replay"));

    let global = site.global_person("developer");
    database.execute(&format!("UPDATE grants SET bu_id = '{}'", site.other_bu));
    let id = page.rsplit('/').next().unwrap();
    let token = global.token(&format!("/bu/{}/admin/webhooks", site.other_bu));
    let foreign = format!("/bu/{}/replays/{id}", site.other_bu);
    assert_eq!((global.get(&page).status, global.get(&foreign).status), (404, 404));
    assert_eq!(global.send(&format!("{foreign}/cancel"), &token, &[]).status, 404);
    assert!(!global.get(&format!("/bu/{}/replays", site.other_bu)).body.contains(id));
}

#[test]
fn a_replay_moves_on_by_itself_in_a_browser() {
    let database = TestDatabase::sqlite();
    let (site, receiver) = (Site::open(&database), Receiver::start());
    let webhook = missed(&site, &receiver.url("/in"), 3);
    let email = site.person("developer").email;
    browse(async |browser| {
        site.sign_in(&browser, &email, &format!("/bu/{}/logs?webhook={webhook}", site.bu)).await?;
        browser.find("a.btn[href*='/replays/new?']").await?.click().await?;
        browser.find("#rp-pace").await?.clear().await?;
        browser.find("#rp-pace").await?.send_keys("2").await?;
        browser.find("input[name='outcome'][value='delivered']").await?.click().await?;
        let counted = "//*[@id='replay-count'][contains(., '3 deliveries')]";
        browser.window.query(By::XPath(counted)).first().await?;
        axe(&browser, "the form").await?;
        browser.find("#replay-count button[value='start']").await?.click().await?;
        browser.find("#progress progress").await?;
        axe(&browser, "under way").await?;
        let ended = "//*[@id='progress'][contains(., 'Finished')][contains(., '3 delivered')]";
        browser
            .window
            .query(By::XPath(ended))
            .wait(std::time::Duration::from_secs(30), std::time::Duration::from_millis(200))
            .first()
            .await?;
        for (width, height) in SCREENS {
            browser.resize(width, height).await?;
            for dark in [false, true] {
                browser.darken(dark).await?;
                for path in [format!("/bu/{}/replays", site.bu), new(&site)] {
                    browser.window.goto(site.url(&path)).await?;
                    assert_eq!(browser.overflow().await?, 0, "{path} at {width}");
                    axe(&browser, &format!("{path} at {width}, dark {dark}")).await?;
                }
            }
        }
        Ok(())
    });
}

#[test]
fn a_replay_is_started_and_watched_without_scripts() {
    let database = TestDatabase::sqlite();
    let (site, receiver) = (Site::open(&database), Receiver::start());
    let webhook = missed(&site, &receiver.url("/in"), 20);
    let email = site.person("developer").email;
    browse_without_scripts(async |browser| {
        site.sign_in(&browser, &email, &format!("{}?webhook={webhook}", new(&site))).await?;
        browser.find("#rp-pace").await?.clear().await?;
        browser.find("#rp-pace").await?.send_keys("1").await?;
        browser.find("button[value='count']").await?.click().await?;
        browser.find("button[value='start']").await?.click().await?;
        browser.find("#progress progress").await?;
        browser.find("#progress a.btn").await?.click().await?;
        browser.find("#progress .danger-soft").await?.click().await?;
        let stopped = "//*[@id='pr-h'][contains(., 'Stopped')]";
        browser.window.query(By::XPath(stopped)).first().await.map(drop)
    });
}
