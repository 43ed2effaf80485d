//! The account page and the second factor in a real browser: with scripts and without, on every screen, and with
//! secrets that are gone afterwards.

use super::account::{App, NEW_PASSWORD, app_of, codes, pass_time, turn_on};
use super::site::{PASSWORD, Site};
use crate::support::axe::axe;
use crate::support::browser::{Browser, SCREENS, browse, browse_without_scripts};
use crate::support::databases::TestDatabase;
use crate::support::receiver::{Receiver, Reply};
use thirtyfour::prelude::*;

const SUBMIT: &str = "form.form button[type=submit]";

async fn press(browser: &Browser, css: &str) -> WebDriverResult<()> {
    browser.find(css).await?.click().await
}

async fn kind(browser: &Browser, css: &str, text: &str) -> WebDriverResult<()> {
    browser.find(css).await?.send_keys(text).await
}

async fn path(browser: &Browser) -> WebDriverResult<String> {
    Ok(browser.window.current_url().await?.path().to_owned())
}

/// Gives e-mail and password on the sign-in page.
async fn give(browser: &Browser, email: &str, password: &str) -> WebDriverResult<()> {
    kind(browser, "#email", email).await?;
    kind(browser, "#password", password).await?;
    press(browser, SUBMIT).await
}

/// Turns the second factor on as people do it.
async fn set_up(browser: &Browser) -> WebDriverResult<App> {
    press(browser, "#turn-on").await?;
    browser.find("svg.qr").await?;
    let app = app_of(&browser.window.source().await?);
    kind(browser, "#code", &app.code(0)).await?;
    press(browser, SUBMIT).await?;
    browser.find("#codes").await?;
    Ok(App { codes: codes(&browser.window.source().await?), ..app })
}

/// Fails when a script in the page could read any of these.
async fn assert_gone(browser: &Browser, secrets: &[String], when: &str) -> WebDriverResult<()> {
    let seen = browser.readable().await?;
    for secret in secrets {
        assert!(!seen.contains(secret.as_str()), "{when}: {secret}");
    }
    Ok(())
}

/// Signs out and in again, with a recovery code, and leaves nothing behind; the same with scripts and without.
async fn way_through(
    browser: &Browser,
    site: &Site,
    database: &TestDatabase,
    email: &str,
) -> WebDriverResult<()> {
    site.sign_in(browser, email, "/account").await?;
    let app = set_up(browser).await?;
    let mut secrets = app.codes.clone();
    secrets.push(app.totp.secret().to_base32());
    press(browser, "#codes footer a.btn.primary").await?;
    browser.find("#told").await?;
    assert_gone(browser, &secrets, "stored").await?;
    browser.window.back().await?;
    // What is there is the browser's own page, which asks whether to send the form again.
    let back = browser.window.source().await?;
    assert!(secrets.iter().all(|secret| !back.contains(secret.as_str())), "back: {back}");
    browser.window.goto(site.url("/account")).await?;
    browser.find("#turn-off").await?;

    press(browser, ".solo > header button[popovertarget=user-menu]").await?;
    press(browser, "#user-menu form button").await?;
    browser.find("#email").await?;
    pass_time(database);
    give(browser, email, PASSWORD).await?;
    browser.find("#code:focus").await?;
    kind(browser, "#code", "000000").await?;
    press(browser, SUBMIT).await?;
    browser.find("#code-error").await?;
    kind(browser, "#code", &app.codes[0]).await?;
    press(browser, SUBMIT).await?;
    press(browser, "main a.btn.primary[href]").await?;
    let overview = format!("/bu/{}", site.bu);
    browser.find(&format!("nav a[aria-current=page][href='{overview}']")).await?;
    assert_eq!(path(browser).await?, overview);

    browser.window.goto(site.url("/account")).await?;
    press(browser, "#turn-off").await?;
    kind(browser, "#password", PASSWORD).await?;
    kind(browser, "#code", &app.code(0)).await?;
    press(browser, SUBMIT).await?;
    browser.find("#told").await?;
    browser.find("#turn-on").await.map(drop)
}

#[test]
fn a_second_factor_is_set_up_used_and_turned_off() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let email = site.person("developer").email;
    browse(async |browser| {
        way_through(&browser, &site, &database, &email).await?;
        browser.assert_quiet().await
    });
}

#[test]
fn a_second_factor_is_set_up_used_and_turned_off_without_scripts() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let email = site.person("developer").email;
    browse_without_scripts(async |browser| way_through(&browser, &site, &database, &email).await);
}

#[test]
fn a_session_left_open_gives_its_password_before_the_second_factor() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let email = site.person("developer").email;
    browse(async |browser| {
        site.sign_in(&browser, &email, "/account").await?;
        database.execute("UPDATE sessions SET reauth_at = 1");
        press(&browser, "#turn-on").await?;
        browser.find("#password").await?;
        assert_eq!(path(&browser).await?, "/confirm");
        kind(&browser, "#password", PASSWORD).await?;
        press(&browser, SUBMIT).await?;
        browser.find("svg.qr").await?;
        assert_eq!(path(&browser).await?, "/account/second-factor");
        browser.assert_quiet().await
    });
}

#[test]
fn a_password_is_changed_and_the_menu_leads_there() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let email = site.person("developer").email;
    browse(async |browser| {
        site.sign_in(&browser, &email, &site.webhooks()).await?;
        press(&browser, ".nav-foot button[popovertarget=user-menu]").await?;
        press(&browser, "#user-menu a[href='/account']").await?;
        press(&browser, "#change-password").await?;
        for (field, text) in [("#current", PASSWORD), ("#new", NEW_PASSWORD), ("#new_again", PASSWORD)] {
            kind(&browser, field, text).await?;
        }
        press(&browser, SUBMIT).await?;
        browser.find("#new_again[aria-invalid]").await?;
        assert_eq!(browser.focused().await?, "new_again");
        for (field, text) in [("#current", PASSWORD), ("#new", NEW_PASSWORD), ("#new_again", NEW_PASSWORD)] {
            kind(&browser, field, text).await?;
        }
        press(&browser, SUBMIT).await?;
        browser.find("#told").await?;
        browser.assert_quiet().await
    });
}

#[test]
fn a_key_is_a_shortcut_only_for_who_wants_it() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let email = site.person("developer").email;
    browse(async |browser| {
        site.sign_in(&browser, &email, "/account").await?;
        let state = || async {
            let script = "return [document.documentElement.dataset.shortcuts || 'on', \
                document.documentElement.dataset.theme || 'system'].join(' ')";
            browser.window.execute(script, Vec::new()).await?.convert::<String>()
        };
        assert_eq!(state().await?, "on system");
        press(&browser, "input[name=shortcuts]").await?;
        press(&browser, "input[value=dark]").await?;
        press(&browser, SUBMIT).await?;
        browser.find("#told").await?;
        assert_eq!(state().await?, "off dark");
        browser.window.goto(site.url(&site.webhooks())).await?;
        browser.find("#main").await?;
        assert_eq!(state().await?, "off dark", "on every page");
        browser.assert_quiet().await
    });
}

#[test]
fn after_signing_out_back_shows_nothing_of_the_dashboard() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let email = site.person("developer").email;
    site.webhook("Order desk of Kestrel", "https://example.com/h");
    let elsewhere = Receiver::start();
    for path in ["/one", "/two"] {
        let page = Reply::status(200).header("content-type", "text/html").body("<!doctype html><p id=there>");
        elsewhere.on(path, [page.clone(), page]);
    }
    browse(async |browser| {
        // This browser does keep pages to go back to.
        browser.window.goto(elsewhere.url("/one")).await?;
        let mark = "addEventListener('pageshow', e => { document.body.id = e.persisted ? 'kept' : 'new'; })";
        browser.window.execute(mark, Vec::new()).await?;
        browser.window.goto(elsewhere.url("/two")).await?;
        browser.window.back().await?;
        browser.find("body#kept").await?;
        site.sign_in(&browser, &email, &site.webhooks()).await?;
        browser.find("table.saved .name").await?;
        press(&browser, ".nav-link[href$='/logs']").await?;
        browser.find("a.nav-link[aria-current][href$='/logs']").await?;
        press(&browser, ".nav-foot button[popovertarget=user-menu]").await?;
        press(&browser, "#user-menu form button").await?;
        browser.find("#email").await?;
        for step in 0..3 {
            browser.window.execute("document.documentElement.id = 'left'", Vec::new()).await?;
            browser.window.back().await?;
            // Whatever is shown first, be it only for a moment, is what counts.
            browser.find("html:not(#left) #main").await?;
            let (at, seen) = (path(&browser).await?, browser.readable().await?);
            for tenant in ["Order desk", "Kestrel", email.as_str()] {
                assert!(!seen.contains(tenant), "C13: {step} back, at {at}: {tenant}: {seen}");
            }
        }
        Ok(())
    });
}

#[test]
fn the_pages_fit_every_screen_in_both_themes() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let (with, without) = (site.person("developer"), site.person("viewer"));
    turn_on(&with);
    pass_time(&database);
    browse(async |browser| {
        browser.window.goto(site.url("/login")).await?;
        give(&browser, &with.email, PASSWORD).await?;
        browser.find("#code").await?;
        each_screen(&browser, &site, &["/login/code"]).await?;
        browser.window.delete_all_cookies().await?;
        site.sign_in(&browser, &without.email, "/account").await?;
        let paths = ["/account", "/account/password", "/account/second-factor"];
        each_screen(&browser, &site, &paths).await?;
        browser.window.goto(site.url("/account")).await?;
        set_up(&browser).await?;
        for (width, height) in SCREENS {
            browser.resize(width, height).await?;
            for dark in [false, true] {
                browser.darken(dark).await?;
                assert_eq!(browser.overflow().await?, 0, "recovery codes at {width}, dark {dark}");
                axe(&browser, "recovery codes").await?;
            }
        }
        let paths = ["/account", "/account/second-factor/off", "/account/recovery-codes"];
        each_screen(&browser, &site, &paths).await
    });
}

async fn each_screen(browser: &Browser, site: &Site, paths: &[&str]) -> WebDriverResult<()> {
    for (width, height) in SCREENS {
        browser.resize(width, height).await?;
        for dark in [false, true] {
            browser.darken(dark).await?;
            for path in paths {
                browser.window.goto(site.url(path)).await?;
                browser.find("#main h1").await?;
                let what = format!("{path} at {width}, dark {dark}");
                assert_eq!(browser.overflow().await?, 0, "{what}");
                axe(browser, &what).await?;
            }
        }
    }
    Ok(())
}
