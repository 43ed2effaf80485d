//! The API tab in a real browser: a token is made, copied, lost and rotated, and its secret is nowhere afterwards.

use super::site::{PASSWORD, Site};
use crate::support::axe::axe;
use crate::support::browser::{Browser, SCREENS, browse, browse_without_scripts};
use crate::support::databases::TestDatabase;
use thirtyfour::prelude::*;

const BACK: &str = "#tokens table .name";

/// Fills in Create Token and sends it; the secret that comes back.
async fn make(browser: &Browser, name: &str) -> WebDriverResult<String> {
    browser.find("#create-token").await?.click().await?;
    browser.find("dialog[open] #t-name").await?.send_keys(name).await?;
    browser.find("dialog[open] input[value='webhooks:read']").await?.click().await?;
    browser.find("dialog button[type=submit]").await?.click().await?;
    shown(browser).await
}

async fn shown(browser: &Browser) -> WebDriverResult<String> {
    let secret = browser.find("#token-secret").await?.text().await?;
    assert!(secret.starts_with("bwl_") && secret.len() == 48, "{secret}");
    Ok(secret)
}

#[test]
fn a_token_is_made_copied_lost_and_rotated() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let email = site.person("developer").email;
    browse(async |browser| {
        site.sign_in(&browser, &email, &site.tokens()).await?;
        axe(&browser, "the tab").await?;
        browser.find("#create-token").await?.click().await?;
        browser.find("dialog[open] #t-name").await?;
        assert_eq!(browser.focused().await?, "t-name");
        axe(&browser, "Create token").await?;
        // A form that is refused keeps what was typed, and the focus goes to what is wrong.
        browser.find("#t-name").await?.send_keys("tests").await?;
        browser.find("dialog button[type=submit]").await?.click().await?;
        browser.find("#t-name[aria-invalid]").await?;
        assert_eq!(browser.focused().await?, "t-name");
        axe(&browser, "Create token, refused").await?;
        browser.find("dialog [data-close]").await?.click().await?;

        let secret = make(&browser, "Order desk").await?;
        assert_eq!(browser.focused().await?, "new-token", "the focus follows the secret");
        assert!(browser.gone("dialog").await?, "the dialog is gone");
        axe(&browser, "the secret").await?;
        browser.find("#show").await?.send_keys("Unused").await?;
        browser.find("#tokens .empty").await?;
        assert_eq!(shown(&browser).await?, secret, "a filter keeps it");
        assert_eq!(browser.focused().await?, "show", "and the focus");
        browser.find("#show").await?.send_keys("All").await?;
        browser.find(BACK).await?;
        let copied = "const done = arguments[0]; const write = navigator.clipboard; \
            Object.defineProperty(navigator, 'clipboard', {value: {writeText: async (text) => done(text)}}); \
            document.querySelector('[data-copy-from=token-secret]').click()";
        let copied: String = browser.window.execute_async(copied, Vec::new()).await?.convert()?;
        assert_eq!(copied, secret);

        let mut left = 0;
        for way in ["reload", "elsewhere and back", "a second tab"] {
            match way {
                "reload" => browser.window.refresh().await?,
                "elsewhere and back" => {
                    left += 1;
                    browser.window.goto(site.url(&site.webhooks())).await?;
                    browser.find("#main").await?;
                    browser.window.back().await?;
                }
                _ => {
                    let tab = browser.window.new_tab().await?;
                    browser.window.switch_to_window(tab).await?;
                    browser.window.goto(site.url(&site.tokens())).await?;
                }
            }
            browser.find(BACK).await?;
            let seen = browser.readable().await?;
            assert!(!seen.contains(&secret) && !seen.contains(&secret[8..44]), "{way}: {seen}");
        }
        assert_eq!(left, 1);

        // Lost: a successor takes its place.
        browser.find("a[aria-label='Rotate token Order desk']").await?.click().await?;
        browser.find("dialog[open] #overlap").await?;
        assert_eq!(browser.focused().await?, "overlap");
        axe(&browser, "Rotate token").await?;
        browser.find("dialog button[type=submit]").await?.click().await?;
        let next = shown(&browser).await?;
        assert_ne!(next, secret);
        assert_eq!(browser.focused().await?, "new-token");
        // Left for another page of ours and gone back to, as people do it.
        browser.find(".tabs a[href$='/webhooks']").await?.click().await?;
        browser.find("#cwl").await?;
        browser.window.back().await?;
        browser.find(BACK).await?;
        assert!(!browser.readable().await?.contains(&next));
        browser.window.forward().await?;
        browser.window.back().await?;
        browser.find(BACK).await?;
        assert!(!browser.readable().await?.contains(&next));
        browser.assert_quiet().await?;
        assert!(!site.said().contains(&secret[8..]) && !site.said().contains(&next[8..]));
        Ok(())
    });
}

#[test]
fn a_token_is_made_and_lost_without_scripts() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let email = site.person("developer").email;
    browse_without_scripts(async |browser| {
        site.sign_in(&browser, &email, &site.tokens()).await?;
        let scripts = browser.window.execute("return document.documentElement.className", Vec::new()).await?;
        assert_eq!(scripts.convert::<String>()?, "", "no script of ours has run");
        let secret = make(&browser, "Order desk").await?;
        let listed = browser.find(BACK).await?.text().await?;
        assert_eq!(listed, "Order desk");

        browser.find(".secret footer a").await?.click().await?;
        browser.find(BACK).await?;
        assert!(!browser.readable().await?.contains(&secret), "stored");
        browser.window.back().await?;
        // What is there is the browser's own page, which asks whether to send the form again.
        let back = browser.window.source().await?;
        assert!(!back.contains(&secret), "back: {back}");
        browser.window.goto(site.url(&site.tokens())).await?;
        let again = make(&browser, "Till").await?;
        browser.window.refresh().await?;
        browser.find("#api-notice").await?;
        let seen = browser.readable().await?;
        assert!(!seen.contains(&again) && seen.contains("already_created"), "reload: {seen}");
        let live = browser.window.find_all(By::Css("#tokens table .name")).await?.len();
        assert_eq!(live, 3, "the reload has made no token");
        Ok(())
    });
}

#[test]
fn a_session_left_open_gives_its_password_first() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let email = site.person("developer").email;
    browse(async |browser| {
        site.sign_in(&browser, &email, &site.tokens()).await?;
        browser.find("#create-token").await?;
        database.execute("UPDATE sessions SET reauth_at = 1");
        browser.find("#create-token").await?.click().await?;
        axe(&browser, "confirm").await?;
        browser.find("#password").await?.send_keys(PASSWORD).await?;
        browser.find("form.form button[type=submit]").await?.click().await?;
        browser.find("dialog[open] #t-name").await?.send_keys("Shop").await?;
        browser.find("input[value='events:write']").await?.click().await?;
        browser.find("dialog button[type=submit]").await?.click().await?;
        shown(&browser).await?;
        let at: String = browser.window.execute("return location.pathname", Vec::new()).await?.convert()?;
        assert_eq!(at, site.tokens(), "a reload shows the list");
        browser.find("a[aria-label='Delete token Shop']").await?.click().await?;
        browser.find("dialog[open] .btn.danger").await?;
        let safe: String = browser
            .window
            .execute("return document.activeElement.textContent", Vec::new())
            .await?
            .convert()?;
        assert_eq!(safe, "Keep token");
        axe(&browser, "Delete token").await?;
        browser.find("dialog .btn.danger").await?.click().await?;
        browser.find("#toasts .toast").await?;
        assert_eq!(browser.window.find_all(By::Css("#tokens table .name")).await?.len(), 1);
        Ok(())
    });
}

#[test]
fn the_tab_fits_every_screen_in_both_themes() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let person = site.person("developer");
    browse(async |browser| {
        site.sign_in(&browser, &person.email, &site.tokens()).await?;
        for (width, height) in SCREENS {
            browser.resize(width, height).await?;
            for dark in [false, true] {
                browser.darken(dark).await?;
                for path in [site.tokens(), format!("{}/tokens/new", site.tokens())] {
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
