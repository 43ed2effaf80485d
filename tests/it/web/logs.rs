//! Event Logs: finding an event, what was tried for it, and sending it again.

use super::site::{Site, between, until};
use crate::support::axe::axe;
use crate::support::browser::{SCREENS, browse, browse_without_scripts};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::send;
use crate::support::receiver::{Receiver, Reply};
use reqwest::Method;
use std::time::Duration;

both_databases!(
    an_event_is_found_and_tells_what_was_tried,
    one_delivery_is_sent_again_on_a_persons_word,
    what_could_not_be_secured_is_told_on_every_page,
    the_age_that_is_set_is_told,
    an_event_comes_alone_to_a_page_that_has_the_list,
);

fn an_event_comes_alone_to_a_page_that_has_the_list(database: &TestDatabase) {
    let site = Site::open(database);
    let (event, other) = (site.publish(), site.publish());
    let person = site.person("viewer");
    let path = format!("/bu/{}/logs/{event}?status=unsent", site.bu);
    let asked = |target: &str| {
        let request = person.request(Method::GET, &path);
        send(request.header("hx-request", "true").header("hx-target", target)).body
    };
    let alone = asked("event");
    assert!(alone.trim_start().starts_with("<div class=\"detail\" id=\"event\">"), "{alone}");
    assert!(alone.contains(&event) && !alone.contains(&other) && !alone.contains("log-filter"), "{alone}");
    assert!(alone.contains("/logs?status=unsent\""), "the way back keeps the filters: {alone}");
    let with_list = asked("events");
    assert!(with_list.contains(&event) && with_list.contains(&other), "a list that is read anew comes whole");
}

fn an_event_is_found_and_tells_what_was_tried(database: &TestDatabase) {
    let (site, receiver) = (Site::open(database), Receiver::start());
    receiver.on("/down", [Reply::status(503).header("x-why", "<u>").body("<h1>busy</h1>")]);
    let well = site.webhook("Well", &receiver.url("/in"));
    site.publish();
    let down = site.webhook("Down", &receiver.url("/down"));
    let event = site.publish();
    let person = site.person("viewer");
    let logs = format!("/bu/{}/logs", site.bu);
    let page = until(|| {
        let page = person.get(&format!("{logs}/{event}")).body;
        (page.contains("Retrying") && page.contains("Delivered") && page.contains("scheduled"))
            .then_some(page)
    });
    assert!(
        page.contains("503 Service Unavailable") && page.contains("X-Why:") && page.contains("Webhook-Id:")
    );
    assert!(page.contains("&#60;h1&#62;busy") && !page.contains("<h1>busy") && !page.contains("<u>"));
    assert!(
        page.contains("/down") && page.contains("184") && !page.contains("/resend"),
        "a viewer resends nothing"
    );

    let rows = |query: &str| {
        let answer = person.get(&format!("{logs}?{query}"));
        assert_eq!(answer.status, 200, "{query}");
        (
            answer.body.matches("class=\"event-row\"").count(),
            answer.body.contains(&format!("title=\"{event}\"")),
        )
    };
    let prefix = &event[..event.len() - 3];
    assert!(rows("").0 > 2, "what Bellwire itself publishes is listed too");
    assert_eq!(rows("type=order.completed"), (2, true));
    for found in [
        format!("q={event}"),
        format!("q={}", event.to_uppercase().replace("EVT_", "evt_")),
        "status=retrying".to_owned(),
        format!("webhook={down}"),
        format!("webhook={down}&status=retrying&code=503&type=order.completed"),
        format!("webhook={well}&q={event}"),
    ] {
        assert_eq!(rows(&found), (1, true), "{found}");
    }
    assert!(rows(&format!("q={prefix}")).1);
    assert!(rows(&format!("q={}", &event[4..12])).1);
    assert_eq!(rows(&format!("webhook={well}")), (2, true));
    assert_eq!(rows("type=order.completed&from=2020-01-01T00:00&to=2099-01-01T00:00"), (2, true));
    for none in [
        "q=evt_zzz",
        "q=%25",
        "q=evt_00000",
        "status=held_back",
        "code=404",
        "code=x",
        "type=quote.sent",
        "to=2020-01-01T00:00",
        "from=2099-01-01T00:00",
    ] {
        assert_eq!(rows(none).0, 0, "{none}");
        assert_eq!(rows(&format!("webhook={well}&{none}")).0, 0, "{none}");
    }
}

fn one_delivery_is_sent_again_on_a_persons_word(database: &TestDatabase) {
    let (site, receiver) = (Site::open(database), Receiver::start());
    let webhook = site.webhook("Order desk", &receiver.url("/in"));
    let event = site.publish();
    receiver.wait_for(1, Duration::from_secs(20));
    let (person, viewer) = (site.person("developer"), site.person("viewer"));
    let page = format!("/bu/{}/logs/{event}", site.bu);
    let shown = until(|| Some(person.get(&page).body).filter(|body| body.contains("Delivered")));
    let resend = between(&shown, "method=\"post\" action=\"/bu/", "\"");
    let resend = format!("/bu/{}", resend.expect("a form that sends again"));
    assert!(resend.ends_with("/resend"), "{resend}");

    let refused = viewer.send(&resend, &viewer.token(&site.webhooks()), &[]);
    assert_eq!(refused.status, 403);
    let token = person.token(&page);
    let done = person.send(&resend, &token, &[]);
    assert_eq!((done.status, done.header("location")), (303, page.as_str()));
    let requests = receiver.wait_for(2, Duration::from_secs(20));
    assert_eq!(requests[0].text(), requests[1].text());
    assert_eq!(requests[1].header("webhook-id"), Some(event.as_str()));
    until(|| person.get(&page).body.contains("2 of 2 deliveries arrived").then_some(()));

    let elsewhere = resend.replace(&event, &site.publish());
    assert_eq!(person.send(&elsewhere, &token, &[]).status, 404);
    site.api.put(&format!("/webhooks/{webhook}"), &serde_json::json!({"status": "inactive"}));
    let inactive = person.send(&resend, &token, &[]);
    assert_eq!(inactive.status, 409);
    assert!(inactive.body.contains("The webhook is inactive."));
}

fn what_could_not_be_secured_is_told_on_every_page(database: &TestDatabase) {
    let (site, receiver) = (Site::open(database), Receiver::start());
    let secure = receiver.url("/tls").replace("http://", "https://");
    let endpoint = serde_json::json!({"url": secure, "retry": "none"});
    let body = serde_json::json!({"endpoints": [endpoint], "events": ["order.completed"]});
    assert_eq!(site.api.post("/webhooks", &body).status, 201);
    let event = site.publish();
    let person = site.person("developer");
    let why = "The server ended the connection before it was secured.";
    for page in [format!("/bu/{}/logs/{event}", site.bu), site.overview()] {
        until(|| person.get(&page).body.contains(why).then_some(()));
    }
}

fn the_age_that_is_set_is_told(database: &TestDatabase) {
    let site = Site::open_with(database, &["--retain-days", "7"]);
    let webhook = site.webhook("Order desk", "https://orders.example.com/in");
    let person = site.person("developer");
    let logs = format!("/bu/{}/logs", site.bu);
    assert!(person.get(&logs).body.contains("came back. Kept for 7 days."));
    assert!(person.get(&format!("{logs}?q=evt_zzz")).body.contains("Events are kept for 7 days."));
    let delete = person.get(&format!("{}/delete", site.path(&webhook))).body;
    assert!(delete.contains("Its logs are kept for 7 days."));
}

/// A site whose only event was given up at one webhook and arrived at another; the event.
fn one_event(database: &TestDatabase, receiver: &Receiver) -> (Site, String) {
    let site = Site::open(database);
    receiver.on("/gone", [Reply::status(410).body("gone")]);
    site.webhook("Order desk", &receiver.url("/in"));
    site.webhook("Badges", &receiver.url("/gone"));
    let event = site.publish();
    let viewer = site.person("viewer");
    let page = format!("/bu/{}/logs/{event}", site.bu);
    until(|| viewer.get(&page).body.contains("1 of 2 deliveries arrived").then_some(()));
    (site, event)
}

#[test]
fn an_event_is_looked_for_read_and_sent_again_in_a_browser() {
    let (database, receiver) = (TestDatabase::sqlite(), Receiver::start());
    let (site, event) = one_event(&database, &receiver);
    let email = site.person("developer").email;
    let logs = format!("/bu/{}/logs", site.bu);
    browse(async |browser| {
        site.sign_in(&browser, &email, &logs).await?;
        let field = browser.find("#log-filter [name=q]").await?;
        field.send_keys("evt_zzz").await?;
        browser.find("#events .empty").await?;
        axe(&browser, "nothing found").await?;
        field.clear().await?;
        field.send_keys(&event[..event.len() - 2]).await?;
        browser.find(&format!("#row-{event}")).await?;
        browser.find("details.more summary").await?.click().await?;
        axe(&browser, "more filters").await?;
        browser.find("#type").await?.send_keys("order.completed").await?;
        browser.find(&format!("#row-{event}[href*='type=order.completed']")).await?.click().await?;
        browser.find("#event .codeblock pre").await?;
        let address = browser.window.current_url().await?;
        assert!(address.path().ends_with(&event), "{address}");
        let query = address.query().unwrap_or_default();
        assert!(
            query.contains("type=order.completed") && query.contains("q=evt_"),
            "the filters stand in {address}"
        );
        browser.find("#event section form button").await?.click().await?;
        browser.find("#toasts .toast").await?;
        browser.assert_quiet().await
    });
}

#[test]
fn event_logs_work_without_scripts() {
    let (database, receiver) = (TestDatabase::sqlite(), Receiver::start());
    let (site, event) = one_event(&database, &receiver);
    let email = site.person("developer").email;
    browse_without_scripts(async |browser| {
        site.sign_in(&browser, &email, &format!("/bu/{}/logs", site.bu)).await?;
        browser.find("#log-filter [name=q]").await?.send_keys(&event[..20]).await?;
        browser.find("#log-filter noscript button").await?.click().await?;
        browser.find(&format!("#row-{event}[href*='q=evt']")).await?.click().await?;
        browser.find("#event section form button").await?.click().await?;
        let said = browser.find("#toasts .toast").await?.prop("textContent").await?.unwrap_or_default();
        assert!(said.contains("Sent again"), "{said}");
        Ok(())
    });
}

#[test]
fn event_logs_fit_every_screen_in_both_themes() {
    let (database, receiver) = (TestDatabase::sqlite(), Receiver::start());
    let (site, event) = one_event(&database, &receiver);
    let email = site.person("developer").email;
    let logs = format!("/bu/{}/logs", site.bu);
    browse(async |browser| {
        site.sign_in(&browser, &email, &logs).await?;
        for (width, height) in SCREENS {
            browser.resize(width, height).await?;
            for dark in [false, true] {
                browser.darken(dark).await?;
                for path in [logs.clone(), format!("{logs}?code=410"), format!("{logs}/{event}")] {
                    browser.window.goto(site.url(&path)).await?;
                    browser.find("#split").await?;
                    let what = format!("{path} at {width}, dark {dark}");
                    assert_eq!(browser.overflow().await?, 0, "{what}");
                    axe(&browser, &what).await?;
                }
            }
        }
        Ok(())
    });
}
