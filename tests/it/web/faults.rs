//! Pages of what goes wrong: inside the unit of whoever may open it, alone otherwise, and a few words for htmx.

use super::site::{Person, Site, between};
use crate::support::axe::axe;
use crate::support::browser::{Browser, SCREENS, browse};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::{Answer, send};
use reqwest::Method;
use thirtyfour::prelude::*;

both_databases!(
    what_is_not_there_is_told_inside_ones_own_unit_and_alone_elsewhere,
    a_refusal_keeps_the_unit_around_it,
    htmx_is_told_in_a_few_words,
);

const INSIDE: &str = "<nav class=\"nav\"";

fn htmx(person: &Person, method: Method, path: &str) -> Answer {
    send(person.request(method, path).header("hx-request", "true"))
}

fn what_is_not_there_is_told_inside_ones_own_unit_and_alone_elsewhere(database: &TestDatabase) {
    let site = Site::open(database);
    let theirs = site.other_webhook();
    let (person, global, visitor) = (site.person("developer"), site.global_person("admin"), site.visitor());
    let (ours, other) = (site.overview(), format!("/bu/{}", site.other_bu));
    for path in [
        format!("{ours}/nowhere"),
        format!("{ours}/logs/evt_x"),
        format!("{ours}/logs/{theirs}"),
        format!("{ours}/admin/webhooks/{theirs}/delete"),
        format!("{ours}/connect/x"),
    ] {
        for who in [&person, &global] {
            let page = who.get(&path);
            assert_eq!(page.status, 404, "{path}");
            assert!(page.body.contains("The wire ends here") && page.body.contains(INSIDE), "{path}");
            assert!(page.body.contains("<p class=\"errcode\">404</p>"), "{path}");
            assert!(page.body.contains(&format!("href=\"{ours}\">Go to Overview")), "{path}");
            assert!(!page.body.contains("Globex") && !page.body.contains(&site.other_bu), "{path}");
            assert_eq!(page.body.contains("Partner search"), who.email == global.email, "{path}");
        }
    }
    for path in
        [other, "/bu/x".to_owned(), "/nowhere".to_owned(), "/bu/bu_00000000000000000000000001/logs".into()]
    {
        let page = person.get(&path);
        assert_eq!(page.status, 404, "{path}");
        assert!(page.body.contains("The wire ends here") && !page.body.contains(INSIDE), "{path}");
        assert!(!page.body.contains("Globex") && page.body.contains("href=\"/\""), "{path}");
        assert!(global.get(&path).body.contains("Partner search"), "{path}");
    }
    let nobody = visitor.get("/nowhere");
    assert_eq!(nobody.status, 404);
    assert!(!nobody.body.contains("Account menu") && !nobody.body.contains("csrf"), "{nobody:?}");
}

fn a_refusal_keeps_the_unit_around_it(database: &TestDatabase) {
    let site = Site::open(database);
    let webhook = site.webhook("Order desk", "https://example.com/h");
    let (person, viewer) = (site.person("developer"), site.person("viewer"));
    let one = format!("{}/{webhook}", site.webhooks());
    let refused = viewer.get(&format!("{one}/delete"));
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains(INSIDE) && refused.body.contains("You do not have permission"));
    assert!(refused.body.contains("You are here as viewer."), "{refused:?}");
    let wrong = person.get(&format!("{one}/pause"));
    assert_eq!((wrong.status, wrong.header("allow")), (405, "POST"));
    assert!(wrong.body.contains(INSIDE) && wrong.body.contains("There is no such action"));
    let token = person.token(&site.webhooks());
    let large = "x".repeat(100_000);
    let large = person.send(&format!("{one}/pause"), &token, &[("q", &large)]);
    assert_eq!(large.status, 413, "{large:?}");
    assert!(large.body.contains(INSIDE) && large.body.contains("That was too much at once"));
    let forged = person.send(&format!("{one}/pause"), "x", &[]);
    assert!(forged.status == 403 && !forged.body.contains(INSIDE), "{forged:?}");
    assert!(forged.body.contains("This form is no longer valid"));
}

fn htmx_is_told_in_a_few_words(database: &TestDatabase) {
    let site = Site::open(database);
    let webhook = site.webhook("Order desk", "https://example.com/h");
    let viewer = site.person("viewer");
    let delete = format!("{}/{webhook}/delete", site.webhooks());
    for (path, status, title) in [
        (delete.clone(), 403, "You do not have permission"),
        (format!("{}/nowhere", site.overview()), 404, "The wire ends here"),
        (format!("/bu/{}/logs", site.other_bu), 404, "The wire ends here"),
        (format!("{}/{webhook}/pause", site.webhooks()), 405, "There is no such action"),
    ] {
        let told = htmx(&viewer, Method::GET, &path);
        assert_eq!(told.status, status, "{path}");
        let text = told.body.trim();
        assert!(text.starts_with("<div class=\"toast bad\">") && text.ends_with("</div>"), "{path}: {text}");
        assert!(between(text, "<b>", "</b>") == Some(title) && !text.contains("<html"), "{path}: {text}");
    }
    database.execute("ALTER TABLE unit_hours RENAME TO hidden");
    let broken = viewer.get(&site.overview());
    let told = htmx(&viewer, Method::GET, &site.overview());
    database.execute("ALTER TABLE hidden RENAME TO unit_hours");
    for (answer, what) in [(&broken, "a page"), (&told, "htmx")] {
        assert!(answer.status >= 500, "{what}: {answer:?}");
        assert!(answer.body.contains(answer.header("x-request-id")), "{what} names the request");
        assert!(answer.body.contains("Something broke on our side"), "{what}");
    }
    assert!(!told.body.contains("<html") && !broken.body.contains("unit_hours"));
}

async fn toast(browser: &Browser, text: &str) -> WebDriverResult<WebElement> {
    let path = format!("//*[contains(concat(' ', @class, ' '), ' toast ')][contains(., '{text}')]");
    browser.window.query(By::XPath(path)).first().await
}

async fn run(browser: &Browser, script: &str) -> WebDriverResult<()> {
    browser.window.execute(script, Vec::new()).await.map(drop)
}

#[test]
fn a_failed_swap_shows_a_toast_that_stays_and_leaves_the_page_as_it_was() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let webhook = site.webhook("Order desk", "https://example.com/h");
    let email = site.person("developer").email;
    browse(async |browser| {
        site.sign_in(&browser, &email, &site.webhooks()).await?;
        let press = "button[role=switch]";
        browser.find(press).await?;
        // Somebody has deleted it meanwhile.
        database.execute(&format!("UPDATE webhooks SET deleted_at = 1 WHERE id = '{webhook}'"));
        browser.find(press).await?.click().await?;
        toast(&browser, "The wire ends here").await?;
        axe(&browser, "a toast").await?;
        assert_eq!(browser.find(press).await?.attr("aria-checked").await?.as_deref(), Some("true"));
        let again = browser.find(&format!("{press}:not([aria-disabled])")).await?;
        database.execute(&format!("UPDATE webhooks SET deleted_at = NULL WHERE id = '{webhook}'"));
        again.click().await?;
        browser.find("button[role=switch][aria-checked=false]").await?;
        // The refusal stays until it is dismissed.
        toast(&browser, "The wire ends here").await?.find(By::Css("[data-dismiss]")).await?.click().await?;
        assert!(browser.gone(".toast").await?);

        // Too fast: with when to try again.
        run(
            &browser,
            "window.tried = setInterval(() => htmx.ajax('POST', document.querySelector('form[hx-post]')\
             .getAttribute('hx-post'), {target: '#live', swap: 'none'}), 5)",
        )
        .await?;
        toast(&browser, "then try again").await?;
        run(&browser, "clearInterval(window.tried)").await?;

        // No answer at all.
        browser.window.goto(site.url(&site.webhooks())).await?;
        browser.find(press).await?;
        run(
            &browser,
            "XMLHttpRequest.prototype.send = function () { setTimeout(() => this.dispatchEvent(new \
             ProgressEvent('error')) || this.onerror && this.onerror(new ProgressEvent('error'))) }",
        )
        .await?;
        browser.find(press).await?.click().await?;
        toast(&browser, "The connection was lost").await?;
        browser.find("a[aria-label='Delete webhook Order desk']").await?;
        Ok(())
    });
}

#[test]
fn a_form_is_sent_once_however_often_its_button_is_pressed() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let webhook = site.webhook("Order desk", "https://example.com/h");
    let email = site.person("developer").email;
    browse(async |browser| {
        site.sign_in(&browser, &email, &site.webhooks()).await?;
        browser.find("button[role=switch]").await?;
        let sent = "window.sent = 0; const send = XMLHttpRequest.prototype.send; \
            XMLHttpRequest.prototype.send = function (...all) { window.sent++; setTimeout(() => send.apply(this, all), 300) }; \
            const press = document.querySelector('button[role=switch]'); press.click(); press.click(); \
            setTimeout(() => press.click(), 100)";
        run(&browser, sent).await?;
        browser.find("button[role=switch][aria-disabled]").await?;
        browser.find("button[role=switch][aria-checked=false]:not([aria-disabled])").await?;
        let count: u64 = browser.window.execute("return window.sent", Vec::new()).await?.convert()?;
        assert_eq!(count, 1);
        // A whole page's form likewise.
        browser.window.goto(site.url(&format!("{}/{webhook}/delete", site.webhooks()))).await?;
        browser.find("dialog button[type=submit]").await?;
        let held = "const press = document.querySelector('dialog button[type=submit]'); let sent = 0; \
            addEventListener('submit', (e) => { sent++; e.preventDefault() }); press.click(); press.click(); return sent";
        let count: u64 = browser.window.execute(held, Vec::new()).await?.convert()?;
        assert_eq!(count, 1);
        Ok(())
    });
}

#[test]
fn what_was_done_is_told_by_the_next_page_that_succeeds() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let id = site.webhook("Order desk", "https://orders.example.com/in");
    let person = site.person("developer");
    let paused = person.send(&format!("{}/pause", site.path(&id)), &person.token(&site.webhooks()), &[]);
    assert_eq!(paused.status, 303);
    let told = "Matching events are recorded as skipped.";
    let missing = person.get(&format!("{}/nowhere", site.overview()));
    assert!(missing.status == 404 && !missing.body.contains(told), "{missing:?}");
    assert!(person.get(&site.webhooks()).body.contains(told));
    assert!(!person.get(&site.webhooks()).body.contains(told), "once");
}

#[test]
fn pages_of_what_went_wrong_fit_every_screen_in_both_themes() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let email = site.person("developer").email;
    browse(async |browser| {
        site.sign_in(&browser, &email, &site.overview()).await?;
        for (width, height) in SCREENS {
            browser.resize(width, height).await?;
            for dark in [false, true] {
                browser.darken(dark).await?;
                for path in [format!("{}/nowhere", site.overview()), "/nowhere".to_owned()] {
                    browser.window.goto(site.url(&path)).await?;
                    browser.find("#main .errcode").await?;
                    let what = format!("{path} at {width}, dark {dark}");
                    assert_eq!(browser.overflow().await?, 0, "{what}");
                    axe(&browser, &what).await?;
                }
            }
        }
        Ok(())
    });
}
