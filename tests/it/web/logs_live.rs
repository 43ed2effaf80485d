//! Event Logs as they happen: lines that come in, change, wait, and stay away, in a real browser and as a stream.

use super::details_browser::{publish, publish_many, state};
use super::site::Site;
use crate::support::axe::axe;
use crate::support::browser::{Browser, SCREENS, browse, browse_without_scripts};
use crate::support::databases::TestDatabase;
use crate::support::receiver::{Receiver, Reply};
use std::time::Duration;
use thirtyfour::prelude::*;

const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for what an `XPath` names.
async fn there(browser: &Browser, path: &str) -> WebDriverResult<WebElement> {
    browser.window.query(By::XPath(path)).wait(PATIENCE, PATIENCE / 300).first().await
}

/// Waits until so many lines of the list stand with this outcome.
async fn lines(browser: &Browser, count: usize, outcome: &str) -> WebDriverResult<()> {
    let rows = format!("//*[@id='events']/ol[count(li[contains(., '{outcome}')]) = {count}]");
    there(browser, &rows).await.map(drop)
}

/// The events of the list, from the top.
async fn shown(browser: &Browser) -> WebDriverResult<Vec<String>> {
    let script = "return [...document.querySelectorAll('#events > ol > li .id')].map((id) => id.title)";
    browser.window.execute(script, Vec::new()).await?.convert()
}

/// Waits for the next line of the stream, and until it could have been drawn; how many are drawn then.
async fn after_the_next(browser: &Browser) -> WebDriverResult<usize> {
    let script = "const done = arguments[0]; \
        document.addEventListener('htmx:sseBeforeMessage', () => setTimeout(() => \
        done(document.querySelectorAll('#events > ol > li').length), 50), {once: true})";
    browser.window.execute_async(script, Vec::new()).await?.convert()
}

/// Waits until the stream of the list that is shown now has begun: what is on the page is known to it from then on.
async fn connected(browser: &Browser) -> WebDriverResult<()> {
    let script = "const done = arguments[0]; const look = () => { \
        const stream = document.querySelector('[data-tail]')['htmx-internal-data'].sseEventSource; \
        if (stream && stream.readyState === 1) done(); else setTimeout(look, 20); }; look()";
    browser.window.execute_async(script, Vec::new()).await.map(drop)
}

/// The events of this type that are stored, newest first.
fn stored(database: &TestDatabase) -> Vec<String> {
    database.lines("SELECT id AS line FROM events WHERE event_type = 'order.completed' ORDER BY seq DESC")
}

#[test]
fn events_come_in_live_change_as_they_settle_and_keep_to_the_filters() {
    let database = TestDatabase::sqlite();
    let (mut site, receiver) = (Site::open(&database), Receiver::start());
    receiver.on("/in", [Reply::status(200), Reply::status(200), Reply::status(410)]);
    site.webhook("Order desk", &receiver.url("/in"));
    let email = site.person("developer").email;
    let logs = format!("/bu/{}/logs?type=order.completed", site.bu);
    browse(async |browser| {
        site.sign_in(&browser, &email, &logs).await?;
        assert!(browser.find("#events .empty").await?.is_displayed().await?);
        state(&browser, "Live").await?;
        axe(&browser, "nothing yet").await?;
        publish(&site);
        publish(&site);
        lines(&browser, 2, "Delivered").await?;
        assert!(!browser.find("#events .empty").await?.is_displayed().await?);
        assert_eq!(shown(&browser).await?, stored(&database), "the newest on top, each once");
        let first = browser.find("#events > ol > li .facts").await?.text().await?;
        assert!(first.starts_with("1 attempt \u{b7} 200 \u{b7} "), "{first}");
        let address = browser.find("#events .event-row").await?.attr("href").await?.unwrap_or_default();
        assert!(address.contains("type=order.completed"), "{address}");

        browser.find("[data-tail-pause]").await?.click().await?;
        state(&browser, "Paused").await?;
        publish(&site);
        assert_eq!(after_the_next(&browser).await?, 2, "the list stands still");
        there(&browser, "//*[@data-tail-new][contains(., '1 new event')]").await?;
        axe(&browser, "paused, with something new").await?;
        browser.find("[data-tail-pause]").await?.click().await?;
        lines(&browser, 1, "Failed").await?;

        // A line that no longer fits is not thrown out under the reader's eyes, and nothing that never fitted comes in.
        browser.find("#log-filter [name=status]").await?.send_keys("Delivered").await?;
        there(&browser, "//*[@id='events']/ol[contains(@sse-connect, 'status=delivered')][count(li) = 2]")
            .await?;
        connected(&browser).await?;
        database.execute("UPDATE deliveries SET state = 'exhausted' WHERE last_status = 200");
        publish(&site);
        lines(&browser, 2, "Failed").await?;
        assert_eq!(shown(&browser).await?.len(), 2);

        site.restart();
        browser.find("#log-filter [name=status]").await?.send_keys("All statuses").await?;
        publish(&site);
        there(&browser, "//*[@id='events']/ol[count(li) = 5]").await?;
        state(&browser, "Live").await?;
        assert_eq!(shown(&browser).await?, stored(&database));
        Ok(())
    });
}

#[test]
fn new_events_wait_behind_a_button_while_one_is_read() {
    let database = TestDatabase::sqlite();
    let (site, receiver) = (Site::open(&database), Receiver::start());
    let webhook = site.webhook("Order desk", &receiver.url("/in"));
    let event = site.publish();
    let email = site.person("developer").email;
    let logs = format!("/bu/{}/logs?webhook={webhook}", site.bu);
    browse(async |browser| {
        site.sign_in(&browser, &email, &logs).await?;
        lines(&browser, 1, "Delivered").await?;
        browser.find("#events .event-row").await?.click().await?;
        browser.find("#event .codeblock pre").await?;
        browser.find("#events .event-row[aria-current]").await?;
        assert!(browser.window.current_url().await?.path().ends_with(&event));
        for _ in 0..3 {
            publish(&site);
        }
        let new = there(&browser, "//*[@data-tail-new][contains(., '3 new events')]").await?;
        assert_eq!(shown(&browser).await?, [event.as_str()], "nothing moves beside what is read");
        for (width, height) in SCREENS.iter().take(1) {
            browser.resize(*width, *height).await?;
            for dark in [false, true] {
                browser.darken(dark).await?;
                axe(&browser, "new events wait").await?;
            }
        }
        new.click().await?;
        lines(&browser, 4, "Delivered").await?;
        assert!(!new.is_displayed().await?);
        assert_eq!(shown(&browser).await?, stored(&database));
        browser.find("#events > ol > li:last-child .event-row[aria-current]").await?;
        browser.assert_quiet().await
    });
}

#[test]
fn more_than_comes_in_line_by_line_leaves_no_holes() {
    let database = TestDatabase::sqlite();
    let (site, receiver) = (Site::open(&database), Receiver::start());
    site.webhook("Order desk", &receiver.url("/in"));
    let email = site.person("viewer").email;
    browse(async |browser| {
        site.sign_in(&browser, &email, &format!("/bu/{}/logs?type=order.completed", site.bu)).await?;
        state(&browser, "Live").await?;
        browser.find("[data-tail-pause]").await?.click().await?;
        state(&browser, "Paused").await?;
        publish_many(&site, 70);
        let new = there(&browser, "//*[@data-tail-new][contains(., 'New events')]").await?;
        assert_eq!(shown(&browser).await?, Vec::<String>::new(), "the list stands still");
        new.click().await?;
        let newest = |at: usize| format!("//*[@id='events']/ol/li[.//*[@title='{}']]", stored(&database)[at]);
        there(&browser, &newest(0)).await?;
        assert_eq!(shown(&browser).await?, stored(&database)[..25]);
        browser.find("#events .event-row:focus").await?;
        there(&browser, "//*[@id='events']//a[starts-with(@aria-label, 'Older')]").await?;

        state(&browser, "Paused").await?;
        browser.find("[data-tail-pause]").await?.click().await?;
        state(&browser, "Live").await?;
        // More than one look goes over.
        publish_many(&site, 100);
        publish_many(&site, 100);
        there(&browser, &newest(0)).await?;
        let now = shown(&browser).await?;
        assert!(now.len() >= 25, "{now:?}");
        assert_eq!(now, stored(&database)[..now.len()], "each follows the one before it");
        browser.assert_quiet().await
    });
}

#[test]
fn the_open_event_is_drawn_again_when_it_settles() {
    let database = TestDatabase::sqlite();
    let (site, receiver) = (Site::open(&database), Receiver::start());
    receiver.on("/in", [Reply::hang()]);
    let webhook = site.webhook("Order desk", &receiver.url("/in"));
    let event = site.publish();
    let email = site.person("developer").email;
    browse(async |browser| {
        let page = format!("/bu/{}/logs/{event}?webhook={webhook}", site.bu);
        site.sign_in(&browser, &email, &page).await?;
        state(&browser, "Live").await?;
        there(&browser, "//*[@id='event']//dd[contains(., 'Sending')]").await?;
        let command = "#event section > details:last-child";
        browser.find(&format!("{command} summary")).await?.click().await?;
        browser.window.execute("window.same = document.getElementById('event')", Vec::new()).await?;
        receiver.release();
        there(&browser, "//*[@id='event']//dd[contains(., 'Delivered')]").await?;
        browser.find("#event .attempt .code").await?;
        browser.find(&format!("{command}[open]")).await?;
        let same: bool = browser
            .window
            .execute("return window.same === document.getElementById('event')", Vec::new())
            .await?
            .convert()?;
        assert!(same, "what is read stays where it is");
        browser.assert_quiet().await
    });
}

#[test]
fn the_log_is_made_anew_by_a_link_without_scripts() {
    let database = TestDatabase::sqlite();
    let (site, receiver) = (Site::open(&database), Receiver::start());
    let webhook = site.webhook("Order desk", &receiver.url("/in"));
    let email = site.person("viewer").email;
    browse_without_scripts(async |browser| {
        site.sign_in(&browser, &email, &format!("/bu/{}/logs?webhook={webhook}", site.bu)).await?;
        assert!(!browser.find("[data-tail-pause]").await?.is_displayed().await?);
        publish(&site);
        let event = stored(&database).remove(0);
        browser.find(".tail-state noscript a, .tail-state a").await?.click().await?;
        browser.find(&format!("#events [title='{event}']")).await?;
        assert_eq!(browser.window.current_url().await?.query(), Some(&*format!("webhook={webhook}")));
        Ok(())
    });
}
