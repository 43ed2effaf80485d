//! Both dashboards and their form in a real browser, with scripts and without.

use super::dashboard::programme;
use super::site::Site;
use crate::support::axe::axe;
use crate::support::browser::{Browser, SCREENS, browse, browse_without_scripts};
use crate::support::databases::TestDatabase;
use serde_json::json;
use thirtyfour::prelude::*;

const ORDERS: &str = "input[value='order.completed']";

async fn fill(browser: &Browser, url: &str) -> WebDriverResult<()> {
    browser.find("#p-url").await?.send_keys(url).await?;
    browser.find(ORDERS).await?.click().await
}

/// What holds for a page on every screen, in both themes.
async fn fits(browser: &Browser, what: &str) -> WebDriverResult<()> {
    browser.window.cdp().send_raw("Emulation.setScrollbarsHidden", json!({"hidden": true})).await?;
    for (width, height) in SCREENS {
        browser.resize(width, height).await?;
        assert_eq!(browser.overflow().await?, 0, "{what} at {width}");
        axe(browser, &format!("{what} at {width}")).await?;
    }
    browser.resize(1280, 800).await
}

/// Whether the browser would ask somebody who leaves the page. Drivers answer the question itself unseen.
async fn asks_before_leaving(browser: &Browser) -> WebDriverResult<bool> {
    let script = "const leaving = new Event('beforeunload', {cancelable: true}); \
        dispatchEvent(leaving); return leaving.defaultPrevented";
    browser.window.execute(script, Vec::new()).await?.convert()
}

#[test]
fn a_webhook_is_created_managed_and_deleted_from_its_menu() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let prg = programme(&site, &database);
    let email = site.person("developer").email;
    browse(async |browser| {
        site.sign_in(&browser, &email, &site.inside("/webhooks")).await?;
        fits(&browser, "the empty dashboard").await?;
        browser.find("#global .empty a.primary").await?.click().await?;
        assert_eq!(
            {
                browser.find("#p-url").await?;
                browser.focused().await?
            },
            "p-url"
        );
        // What is looked for stays, and Enter sends nothing.
        let find = browser.find("[data-find]").await?;
        find.send_keys("refund\u{e007}").await?;
        let shown = browser.window.find_all(By::Css(".check:not([hidden]) input[name=events]")).await?;
        assert_eq!(shown.len(), 1, "one event matches");
        find.clear().await?;
        find.send_keys(" \u{e003}").await?;
        fill(&browser, "https://example.com/orders").await?;
        assert_eq!(browser.find("[data-count-out]").await?.text().await?, "1");
        fits(&browser, "the form").await?;
        browser.find("button[name=generate]").await?.click().await?;
        browser.find("form[data-changed]").await?;
        assert!(browser.find(ORDERS).await?.is_selected().await?, "what was chosen stays");
        browser.find("button.lg").await?.click().await?;
        let row = browser.find("#global tr.marked").await?;
        assert!(row.text().await?.contains("example.com/orders"));
        fits(&browser, "the dashboard").await?;

        browser.find("#global [popovertarget]").await?.click().await?;
        axe(&browser, "the menu").await?;
        browser.find(".menu:popover-open a[href$='/events']").await?.click().await?;
        assert!(!browser.find("#p-url").await?.is_enabled().await?);
        assert!(!browser.find("#p-sec").await?.is_enabled().await?);
        fits(&browser, "Manage Events").await?;
        assert!(!asks_before_leaving(&browser).await?, "nothing was changed");
        browser.find("input[value='order.refunded']").await?.click().await?;
        assert!(asks_before_leaving(&browser).await?, "what was chosen is not saved yet");
        browser.find("button.primary").await?.click().await?;
        browser.find(".toast").await?;
        assert!(browser.find("#global tbody").await?.text().await?.contains("order.refunded"));

        browser.window.goto(site.url(&site.inside(&format!("/programmes/{prg}")))).await?;
        fits(&browser, "the Integrations Dashboard").await?;
        browser.find("#hooks a.primary").await?.click().await?;
        fill(&browser, "https://example.com/miles").await?;
        browser.find("button.lg").await?.click().await?;
        browser.find("#hooks li.marked").await?;
        fits(&browser, "the Integrations Dashboard with a webhook").await?;
        browser.find("#hooks .card-foot a").await?.click().await?;
        browser.find("#linked [popovertarget]").await?.click().await?;
        browser.find(".menu:popover-open a.bad").await?.click().await?;
        browser.find("dialog[open] button.danger").await?.click().await?;
        browser.find(".toast").await?;
        browser.window.goto(site.url(&site.inside("/webhooks"))).await?;
        browser.find("#linked .empty").await?;
        browser.assert_quiet().await
    });
}

#[test]
fn everything_works_without_scripts() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let prg = programme(&site, &database);
    let email = site.person("developer").email;
    browse_without_scripts(async |browser| {
        site.sign_in(&browser, &email, &site.inside("/webhooks/new")).await?;
        fill(&browser, "https://example.com/orders").await?;
        // Enter in a field adds the webhook; it does not make another secret.
        browser.find("#p-url").await?.send_keys("\u{e007}").await?;
        browser.find("#global tr.marked").await?;
        browser.find("#global [popovertarget]").await?.click().await?;
        browser.find(".menu:popover-open a[href$='/events']").await?.click().await?;
        browser.find("input[value='order.refunded']").await?.click().await?;
        browser.find(".page-head button.primary").await?.click().await?;
        browser.find(".toast").await?;
        assert!(browser.find("#global tbody").await?.text().await?.contains("order.refunded"));
        browser.window.goto(site.url(&site.inside(&format!("/programmes/{prg}")))).await?;
        browser.find("#hooks a.primary").await?.click().await?;
        fill(&browser, "https://example.com/miles").await?;
        browser.find("button.lg").await?.click().await?;
        browser.find("#hooks li.marked").await?;
        browser.find(".page-head form button").await?.click().await?;
        browser.find("#hooks li").await.map(drop)
    });
}

#[test]
fn a_refused_form_leads_to_what_is_wrong() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let email = site.person("developer").email;
    browse(async |browser| {
        site.sign_in(&browser, &email, &site.inside("/webhooks/new")).await?;
        browser.find("#p-url").await?.send_keys("https://10.0.0.1/").await?;
        browser.find("button.lg").await?.click().await?;
        browser.find("#p-url[aria-invalid]").await?;
        assert_eq!(browser.focused().await?, "p-url");
        assert!(browser.window.title().await?.starts_with("Error:"));
        fits(&browser, "the refused form").await?;
        browser.darken(true).await?;
        axe(&browser, "the refused form in the dark").await?;
        browser.assert_quiet().await
    });
}
