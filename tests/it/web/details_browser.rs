//! Webhook Details in a real browser: charts that are read by keyboard, periods, and deliveries as they come.

use super::site::{Site, until};
use crate::support::axe::axe;
use crate::support::browser::{Browser, SCREENS, browse, browse_without_scripts};
use crate::support::databases::TestDatabase;
use crate::support::receiver::{Receiver, Reply};
use serde_json::json;
use thirtyfour::prelude::*;

/// Waits until the list shows so many deliveries that arrived.
async fn arrived(browser: &Browser, count: usize) -> WebDriverResult<()> {
    let rows = format!("//*[@id='tail'][count(tr[starts-with(@data-v, 'delivered')]) = {count}]");
    let wait = std::time::Duration::from_secs(30);
    browser.window.query(By::XPath(&rows)).wait(wait, wait / 300).first().await.map(drop)
}

/// Publishes an event. The client of the API blocks, and so works outside the browser's runtime.
pub fn publish(site: &Site) {
    let (api, event) = (&site.api, json!({"type": "order.completed", "data": {"total": 184}}));
    assert_eq!(outside(|| api.post("/events", &event).status), 202);
}

/// So many at once.
pub fn publish_many(site: &Site, count: usize) {
    let event = json!({"type": "order.completed", "data": {"total": 184}});
    let (api, events) = (&site.api, json!({"events": vec![event; count]}));
    let answer = outside(|| api.post("/events/batch", &events));
    assert_eq!(answer.status, 202, "{}", answer.body);
}

fn outside<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(work).join().expect("what was to be done"))
}

/// The ids of the rows, from the top.
async fn rows(browser: &Browser) -> WebDriverResult<Vec<String>> {
    let script = "return [...document.querySelectorAll('#tail > tr')].map((row) => row.id)";
    browser.window.execute(script, Vec::new()).await?.convert()
}

pub async fn state(browser: &Browser, text: &str) -> WebDriverResult<()> {
    let shown = format!("//*[@data-tail-state][text() = '{text}']");
    let wait = std::time::Duration::from_secs(30);
    browser.window.query(By::XPath(&shown)).wait(wait, wait / 300).first().await.map(drop)
}

#[test]
fn deliveries_come_in_as_they_are_made_over_a_pause_and_a_restart_and_none_twice() {
    let database = TestDatabase::sqlite();
    let (mut site, receiver) = (Site::open(&database), Receiver::start());
    let id = site.webhook("Order desk", &receiver.url("/in"));
    let (email, path) = (site.person("developer").email, site.path(&id));
    browse(async |browser| {
        site.sign_in(&browser, &email, &path).await?;
        assert!(browser.find(".tail .empty").await?.is_displayed().await?);
        axe(&browser, "a webhook that nothing was sent to").await?;
        state(&browser, "Live").await?;
        publish(&site);
        arrived(&browser, 1).await?;
        assert!(!browser.find(".tail .empty").await?.is_displayed().await?);

        browser.find("[data-tail-pause]").await?.click().await?;
        state(&browser, "Paused").await?;
        publish(&site);
        let held = "const done = arguments[0]; \
            document.addEventListener('htmx:sseBeforeMessage', () => setTimeout(() => done(document.querySelectorAll('#tail > tr').length), 50), {once: true})";
        let shown: usize = browser.window.execute_async(held, Vec::new()).await?.convert()?;
        assert_eq!(shown, 1, "the list stands still");
        axe(&browser, "paused").await?;
        browser.find("[data-tail-pause]").await?.click().await?;
        state(&browser, "Live").await?;
        arrived(&browser, 2).await?;

        site.restart();
        publish(&site);
        arrived(&browser, 3).await?;
        state(&browser, "Live").await?;
        publish(&site);
        arrived(&browser, 4).await?;
        let shown = rows(&browser).await?;
        let stored = database.lines("SELECT id AS line FROM deliveries ORDER BY id DESC");
        assert_eq!(shown, stored, "each once, the newest on top");
        Ok(())
    });
}

#[test]
fn a_period_changes_charts_and_figures_and_stands_in_the_address() {
    let database = TestDatabase::sqlite();
    let (site, receiver) = (Site::open(&database), Receiver::start());
    receiver.on("/in", [Reply::status(200), Reply::status(410)]);
    let id = site.webhook("Order desk", &receiver.url("/in"));
    let (person, path) = (site.person("developer"), site.path(&id));
    site.publish();
    until(|| person.get(&path).body.contains(">200<").then_some(()));
    browse(async |browser| {
        site.sign_in(&browser, &person.email, &path).await?;
        let plot = browser.find("#charts .plot").await?;
        plot.send_keys(Key::Left.value().to_string()).await?;
        let said = browser.find("#live").await?.text().await?;
        assert!(said.ends_with("1 delivered, 0 failed"), "{said}");
        for period in ["1h", "7d", "30d"] {
            browser.find(&format!("#period-{period}")).await?.click().await?;
            browser.find(&format!("#period-{period}[aria-current]")).await?;
            let address = browser.window.current_url().await?;
            assert_eq!(
                (address.path(), address.query()),
                (path.as_str(), Some(&*format!("period={period}")))
            );
            assert_eq!(browser.focused().await?, format!("period-{period}"), "the focus stays");
            assert!(browser.find("#figures").await?.text().await?.contains("None failed"));
        }
        browser.find("#charts details summary").await?.click().await?;
        let table = browser.find("#charts details table").await?.text().await?;
        assert!(table.lines().count() > 28, "{table}");
        axe(&browser, "30 days, with the table").await?;
        browser.window.back().await?;
        browser.find("#period-7d[aria-current]").await?;
        browser.window.refresh().await?;
        browser.find("#period-7d[aria-current]").await?;
        browser.assert_quiet().await
    });
}

#[test]
fn the_page_needs_no_scripts() {
    let database = TestDatabase::sqlite();
    let (site, receiver) = (Site::open(&database), Receiver::start());
    let id = site.webhook("Order desk", &receiver.url("/in"));
    let email = site.person("developer").email;
    browse_without_scripts(async |browser| {
        site.sign_in(&browser, &email, &site.webhooks()).await?;
        browser.find("table.saved a.row-link").await?.click().await?;
        browser.find("#figures").await?;
        assert!(!browser.find("[data-tail-pause]").await?.is_displayed().await?);
        publish(&site);
        let (api, deliveries) = (&site.api, format!("/webhooks/{id}/deliveries"));
        outside(|| until(|| api.get(&deliveries).body.contains("\"delivered\"").then_some(())));
        browser.find(".tail noscript a, .tail .card-head a").await?.click().await?;
        arrived(&browser, 1).await?;
        browser.find("#period-7d").await?.click().await?;
        browser.find("#period-7d[aria-current]").await?;
        browser.find("#active").await?.click().await?;
        browser.find("#active[aria-checked=false]").await?;
        browser.find("#state").await?;
        assert_eq!(browser.window.current_url().await?.path(), site.path(&id));
        Ok(())
    });
}

#[test]
fn the_page_fits_every_screen_in_both_themes() {
    let database = TestDatabase::sqlite();
    let (site, receiver) = (Site::open(&database), Receiver::start());
    receiver.on("/down", [Reply::status(503)]);
    let (id, down) =
        (site.webhook("Order desk", &receiver.url("/in")), site.webhook("Down", &receiver.url("/down")));
    let person = site.person("developer");
    site.publish();
    until(|| person.get(&site.path(&id)).body.contains(">200<").then_some(()));
    until(|| person.get(&site.path(&down)).body.contains(">503<").then_some(()));
    browse(async |browser| {
        site.sign_in(&browser, &person.email, &site.path(&id)).await?;
        for (width, height) in SCREENS {
            browser.resize(width, height).await?;
            for dark in [false, true] {
                browser.darken(dark).await?;
                for path in [site.path(&id), site.path(&down)] {
                    browser.window.goto(site.url(&path)).await?;
                    browser.find("#figures").await?;
                    let what = format!("{path} at {width}, dark {dark}");
                    assert_eq!(browser.overflow().await?, 0, "{what}");
                    axe(&browser, &what).await?;
                }
            }
        }
        browser.assert_quiet().await
    });
}
