//! The matrix in a real browser: by keyboard, without scripts, on every screen.

use crate::support::axe::axe;
use crate::support::browser::{Browser, SCREENS, browse, browse_without_scripts};
use crate::support::databases::TestDatabase;
use crate::web::site::Site;
use thirtyfour::prelude::*;

async fn press(browser: &Browser, css: &str) -> WebDriverResult<()> {
    browser.find(css).await?.click().await
}

/// What the box that has the focus says of itself.
async fn focused(browser: &Browser) -> WebDriverResult<String> {
    let script = "return document.activeElement.name + ' ' + document.activeElement.value";
    browser.window.execute(script, Vec::new()).await?.convert()
}

async fn keys(browser: &Browser, keys: &[Key]) -> WebDriverResult<()> {
    for key in keys {
        let chain = browser.window.action_chain().send_keys(key.value().to_string());
        chain.perform().await?;
    }
    Ok(())
}

#[test]
fn boxes_are_reached_by_arrows_and_the_change_is_asked_about() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    site.webhook("CRM", "https://crm.example.com/h");
    site.webhook("Desk", "https://desk.example.com/h");
    let email = site.person("developer").email;
    browse(async |browser| {
        site.sign_in(&browser, &email, &site.webhooks()).await?;
        press(&browser, ".nav-link[href$='/matrix']").await?;
        browser.find("#mx .matrix").await?;
        browser.window.execute("document.querySelector('input[value=\"0.0\"]').focus()", Vec::new()).await?;
        keys(&browser, &[Key::Right, Key::Down, Key::Down]).await?;
        assert_eq!(focused(&browser).await?, "on 1.2");
        keys(&browser, &[Key::Home]).await?;
        assert_eq!(focused(&browser).await?, "new 2");
        keys(&browser, &[Key::End, Key::Space]).await?;
        let stops =
            "return document.querySelectorAll('[data-grid] input[type=checkbox][tabindex=\"0\"]').length";
        let stops: i64 = browser.window.execute(stops, Vec::new()).await?.convert()?;
        assert_eq!(stops, 1, "Tab stops at the boxes once");
        axe(&browser, "the matrix").await?;

        browser.find("#mx-q").await?.send_keys("refund").await?;
        let told =
            "//*[@id='mx'][contains(., '1 change is not applied yet.')][contains(., 'order.refunded')]";
        browser.window.query(By::XPath(told)).first().await?;
        assert_eq!(browser.focused().await?, "mx-q", "nobody is disturbed while typing");
        press(&browser, "input[name='on'][value='0.0']").await?;
        press(&browser, ".page-head button[value='review']").await?;
        let summary = "//dialog[contains(., '2 events added. Nothing is saved until you apply.')]";
        browser.window.query(By::XPath(summary)).first().await?;
        axe(&browser, "what will change").await?;
        press(&browser, "dialog .btn[value='show']").await?;
        assert!(browser.find("input[name='on'][value='0.0']").await?.is_selected().await?, "ticks are kept");
        press(&browser, ".page-head button[value='review']").await?;
        press(&browser, "dialog button[value='apply']").await?;
        browser.window.query(By::XPath("//*[@id='toasts'][contains(., 'Changes applied')]")).first().await?;
        assert!(browser.find("input[name='on'][value='0.0']").await?.is_selected().await?);
        browser.assert_quiet().await
    });
}

#[test]
fn a_webhook_is_pasted_without_scripts() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let email = site.person("developer").email;
    browse_without_scripts(async |browser| {
        site.sign_in(&browser, &email, &format!("/bu/{}/matrix", site.bu)).await?;
        browser.find("#mx-url").await?.send_keys("https://10.0.0.1/in").await?;
        press(&browser, "input[name='new'][value='1']").await?;
        press(&browser, ".page-head button[value='review']").await?;
        let url = browser.find("#mx-url[aria-invalid]").await?;
        url.clear().await?;
        url.send_keys("https://hub.example.com/in").await?;
        press(&browser, ".page-head button[value='review']").await?;
        press(&browser, "dialog .btn[value='show']").await?;
        assert!(browser.gone("dialog").await?);
        assert!(browser.find("input[name='new'][value='1']").await?.is_selected().await?, "ticks are kept");
        press(&browser, ".page-head button[value='review']").await?;
        press(&browser, "dialog button[value='apply']").await?;
        let secret = browser.find("#webhook-secret").await?.text().await?;
        assert!(secret.starts_with("whsec_"), "{secret}");
        browser.window.goto(site.url(&format!("/bu/{}/matrix", site.bu))).await?;
        assert!(browser.find("input[name='on'][value='0.1']").await?.is_selected().await?);
        assert!(!browser.window.source().await?.contains(&secret[6..40]));
        Ok(())
    });
}

#[test]
fn the_matrix_fits_every_screen_in_both_themes() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    for n in 0..21 {
        site.webhook(&format!("Order desk {n}"), &format!("https://orders-{n}.example.com/a/long/path/in"));
    }
    let email = site.person("developer").email;
    browse(async |browser| {
        site.sign_in(&browser, &email, &format!("/bu/{}/matrix", site.bu)).await?;
        for (width, height) in SCREENS {
            browser.resize(width, height).await?;
            browser.window.goto(site.url(&format!("/bu/{}/matrix", site.bu))).await?;
            if width < 896 {
                // One webhook at a time: the new one first, then whichever is chosen.
                assert!(browser.find("#mx-url").await?.is_displayed().await?);
                browser.find("#mx-pick option[value='3']").await?.click().await?;
                assert!(!browser.find("#mx-url").await?.is_displayed().await?);
            }
            assert!(browser.find("input[name='on'][value='2.0']").await?.is_displayed().await?);
            press(&browser, "input[name='on'][value='2.0']").await?;
            fits(&browser, width, "the matrix").await?;
            press(&browser, ".page-head button[value='review']").await?;
            browser.find("dialog[open]").await?;
            fits(&browser, width, "what will change").await?;
        }
        Ok(())
    });
}

async fn fits(browser: &Browser, width: u32, what: &str) -> WebDriverResult<()> {
    for dark in [false, true] {
        browser.darken(dark).await?;
        let what = format!("{what} at {width}, dark {dark}");
        assert_eq!(browser.overflow().await?, 0, "{what}");
        axe(browser, &what).await?;
    }
    Ok(())
}
