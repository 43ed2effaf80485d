//! The overview of a business unit: first steps while it is new, then what was sent, and what fails.

use super::site::{Site, until};
use crate::support::axe::axe;
use crate::support::browser::{SCREENS, browse, browse_without_scripts};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::receiver::{Receiver, Reply};
use serde_json::json;
use thirtyfour::prelude::*;

both_databases!(
    a_new_unit_is_told_that_it_sends_nothing_and_what_to_do,
    what_was_sent_and_what_failed_is_told_from_what_was_counted,
);

fn a_new_unit_is_told_that_it_sends_nothing_and_what_to_do(database: &TestDatabase) {
    let (site, receiver) = (Site::open(database), Receiver::start());
    let (person, viewer) = (site.person("developer"), site.person("viewer"));
    let page = person.get(&site.overview());
    assert_eq!(page.status, 200);
    assert!(page.body.contains("A new business unit has no webhooks and sends nothing."), "{page:?}");
    assert!(page.body.contains("No data in this period") && !page.body.contains("class=\"chart\""));
    let add = format!("href=\"{}/new\"", site.webhooks());
    assert!(page.body.contains(&add) && page.body.contains("href=\"/docs/api\">View API Docs"));
    assert!(!page.body.contains("Create Token</a>"), "there is a token already");
    let theirs = viewer.get(&site.overview()).body;
    assert!(theirs.contains("First steps") && !theirs.contains(&add), "a viewer adds none");

    site.webhook("Order desk", &receiver.url("/in"));
    site.publish();
    until(|| (!person.get(&site.overview()).body.contains("First steps")).then_some(()));
}

fn what_was_sent_and_what_failed_is_told_from_what_was_counted(database: &TestDatabase) {
    let (site, receiver) = (Site::open(database), Receiver::start());
    receiver.on("/gone", [Reply::status(410)]);
    receiver.on("/down", [Reply::status(503)]);
    let person = site.person("developer");
    site.webhook("Order desk", &receiver.url("/in"));
    site.webhook("Badges <b>", &receiver.url("/gone"));
    let down = site.webhook("Alert relay", &receiver.url("/down"));
    let event = site.publish();
    let shown = |wanted: &[&str]| {
        until(|| {
            let page = person.get(&site.overview()).body;
            wanted.iter().all(|text| page.contains(text)).then_some(page)
        })
    };
    let page = shown(&["<dd>50<small> %</small>", "Last attempt failed", "1 delivered, 1 failed"]);
    assert!(page.contains("Show as a table") && page.contains("the last 24 hours"));
    let log = format!("href=\"/bu/{}/logs/{event}\"", site.bu);
    assert!(page.contains(&log) && page.contains("Badges &#60;b&#62;") && page.contains(">410</span>"));
    assert!(page.contains(&format!("/logs?webhook={down}\">See why")), "{page}");
    assert!(!page.contains("<span class=\"vh\"> failing</span>"), "nothing has been failing for long");

    // After an hour without a success every page tells of it.
    database.execute(
        "UPDATE webhooks SET failing_since = last_sent_at - 7200000000 WHERE failing_since IS NOT NULL \
         AND status = 'active'",
    );
    let page = shown(&["<span class=\"vh\"> failing</span>", "Failing since"]);
    assert!(page.contains("No attempt has succeeded."));
    let elsewhere = person.get(&format!("/bu/{}/logs", site.bu)).body;
    assert!(elsewhere.contains("</span>1<span class=\"vh\"> failing</span>"), "{elsewhere}");

    let week = person.get(&format!("{}?period=7d", site.overview())).body;
    assert!(week.contains("Deliveries per 3 hours over the last 7 days: 1 delivered, 1 failed."), "{week}");
    assert_eq!(person.get(&format!("{}?period=never", site.overview())).status, 200);
    site.api.post("/webhooks", &json!({"url": receiver.url("/x"), "events": ["user.created"]}));
    shown(&["<dt>Active webhooks</dt><dd>3<div class=\"delta\">1 inactive</div>"]);
}

/// A site with a webhook that works and one that was given up.
fn busy(database: &TestDatabase, receiver: &Receiver) -> Site {
    let site = Site::open(database);
    receiver.on("/gone", [Reply::status(410)]);
    receiver.on("/down", [Reply::status(503)]);
    for (name, path) in [("Order desk", "/in"), ("Badges", "/gone"), ("Alert relay", "/down")] {
        site.webhook(name, &receiver.url(path));
    }
    site.publish();
    let person = site.person("viewer");
    until(|| person.get(&site.overview()).body.contains("1 delivered, 1 failed").then_some(()));
    site
}

#[test]
fn the_chart_is_read_with_the_keyboard_and_changes_its_period_in_place() {
    let (database, receiver) = (TestDatabase::sqlite(), Receiver::start());
    let site = busy(&database, &receiver);
    let email = site.person("developer").email;
    browse(async |browser| {
        site.sign_in(&browser, &email, &site.overview()).await?;
        axe(&browser, "the overview").await?;
        let plot = browser.find(".chart .plot").await?;
        plot.send_keys("" + Key::Left).await?;
        let read = browser.find("#live").await?.text().await?;
        assert!(read.contains("1 delivered, 1 failed"), "{read}");
        browser.find("#period-7d").await?.click().await?;
        browser.find("#period-7d[aria-current]").await?;
        assert_eq!(browser.focused().await?, "period-7d", "the focus stays");
        assert_eq!(browser.window.current_url().await?.query(), Some("period=7d"));
        browser.window.back().await?;
        browser.find("#period-24h[aria-current]").await?;
        browser.find("details.chart-table summary").await?.click().await?;
        axe(&browser, "the overview with its table").await?;
        browser.assert_quiet().await
    });
}

#[test]
fn the_overview_works_without_scripts() {
    let (database, receiver) = (TestDatabase::sqlite(), Receiver::start());
    let site = busy(&database, &receiver);
    let email = site.person("developer").email;
    browse_without_scripts(async |browser| {
        site.sign_in(&browser, &email, &site.overview()).await?;
        browser.find("#period-7d").await?.click().await?;
        browser.find("#period-7d[aria-current]").await?;
        browser.find("details.chart-table summary").await?.click().await?;
        let row = browser.find("details.chart-table tbody tr:last-child").await?.text().await?;
        assert!(row.ends_with("1 1"), "{row}");
        browser.find(".row-link").await?.click().await?;
        browser.find("#event .codeblock").await.map(drop)
    });
}

#[test]
fn the_overview_fits_every_screen_in_both_themes() {
    let (database, receiver) = (TestDatabase::sqlite(), Receiver::start());
    let site = busy(&database, &receiver);
    let email = site.person("developer").email;
    browse(async |browser| {
        site.sign_in(&browser, &email, &site.overview()).await?;
        for (width, height) in SCREENS {
            browser.resize(width, height).await?;
            for dark in [false, true] {
                browser.darken(dark).await?;
                for path in [site.overview(), format!("{}/search?q=order", site.overview())] {
                    browser.window.goto(site.url(&path)).await?;
                    browser.find("#main").await?;
                    let what = format!("{path} at {width}, dark {dark}");
                    assert_eq!(browser.overflow().await?, 0, "{what}");
                    axe(&browser, &what).await?;
                }
            }
        }
        Ok(())
    });
}
