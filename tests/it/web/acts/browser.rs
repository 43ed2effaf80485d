//! What changes a webhook in a real browser: with scripts and without, on every screen in both themes.

use crate::support::axe::axe;
use crate::support::browser::{Browser, SCREENS, browse, browse_without_scripts};
use crate::support::databases::TestDatabase;
use crate::support::receiver::{Receiver, Reply};
use crate::web::site::{PASSWORD, Site};
use thirtyfour::prelude::*;

async fn kind(browser: &Browser, css: &str, text: &str) -> WebDriverResult<()> {
    browser.find(css).await?.send_keys(text).await
}

async fn press(browser: &Browser, css: &str) -> WebDriverResult<()> {
    browser.find(css).await?.click().await
}

async fn title(browser: &Browser, start: &str) -> WebDriverResult<()> {
    let script = format!("return document.title.startsWith('{start}')");
    let found: bool = browser.window.execute(&script, Vec::new()).await?.convert()?;
    assert!(found, "{start}: {}", browser.window.title().await?);
    Ok(())
}

fn details(site: &Site, id: &str) -> String {
    format!("{}/{id}", site.webhooks())
}

#[test]
fn a_test_event_is_sent_and_answered_in_the_dialog() {
    let (database, receiver) = (TestDatabase::sqlite(), Receiver::start());
    let site = Site::open(&database);
    let id = site.webhook("Desk", &receiver.url("/in"));
    let email = site.person("developer").email;
    receiver.on("/in", [Reply::status(500).body("{\"error\":\"night\"}"), Reply::hang()]);
    browse(async |browser| {
        site.sign_in(&browser, &email, &format!("{}/test", details(&site, &id))).await?;
        browser.find("#te:focus").await?;
        axe(&browser, "before").await?;
        browser.find("#te-data").await?.clear().await?;
        kind(&browser, "#te-data", "[]").await?;
        press(&browser, "#test-send").await?;
        browser.find("#te-data[aria-invalid]:focus").await?;
        title(&browser, "Error: Send test event").await?;
        axe(&browser, "refused").await?;
        press(&browser, "#test-sample").await?;
        browser.find("#te-data:not([aria-invalid])").await?;
        press(&browser, "#test-send").await?;
        browser.find("#te-results .code.bad").await?;
        title(&browser, "Send test event").await?;
        assert_eq!(browser.focused().await?, "test-send", "the focus stays");
        press(&browser, "#te-results summary").await?;
        axe(&browser, "answered").await?;
        assert!(browser.find("#test-answer-1").await?.text().await?.contains("\"error\": \"night\""));
        assert!(browser.find("#test-curl-1").await?.text().await?.starts_with("curl -i 'http://"));
        // The page goes on while an endpoint takes its time.
        press(&browser, "#test-send").await?;
        browser.find("#te-results .code.wait").await?;
        browser.find("#te-results[hx-get]").await?;
        receiver.release();
        browser.find("#te-results .code.ok").await?;
        assert!(browser.gone("#te-results[hx-get]").await?);
        browser.assert_quiet().await
    });
}

#[test]
fn a_test_event_is_sent_without_scripts() {
    let (database, receiver) = (TestDatabase::sqlite(), Receiver::start());
    let site = Site::open(&database);
    let id = site.webhook("Desk", &receiver.url("/in"));
    let email = site.person("developer").email;
    browse_without_scripts(async |browser| {
        site.sign_in(&browser, &email, &format!("{}/test", details(&site, &id))).await?;
        browser.find("#te option[value='webhook.test']").await?.click().await?;
        press(&browser, "button[value='look']").await?;
        browser.find("#te option[value='webhook.test'][selected]").await?;
        press(&browser, "#test-send").await?;
        browser.find("#te-results .code.ok").await?;
        assert_eq!(receiver.requests().len(), 1);
        browser.window.refresh().await?;
        browser.find("#te-results .code.ok").await?;
        assert_eq!(receiver.requests().len(), 1, "a reload sends nothing");
        Ok(())
    });
}

#[test]
fn an_endpoint_is_moved_with_the_password_and_triggers_are_changed() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let id = site.webhook("Desk", "https://a.example.com/in");
    let endpoint = site.endpoint(&id);
    let email = site.person("developer").email;
    browse(async |browser| {
        let here = details(&site, &id);
        site.sign_in(&browser, &email, &format!("{here}/endpoints/{endpoint}")).await?;
        browser.find("#ep0-info:focus").await?;
        database.execute("UPDATE sessions SET reauth_at = 1");
        press(&browser, "a[href$='/destination']").await?;
        kind(&browser, "#password", PASSWORD).await?;
        press(&browser, "form.form button[type=submit]").await?;
        browser.find("#ep0-url:focus").await?.clear().await?;
        kind(&browser, "#ep0-url", "http://10.0.4.12/in").await?;
        press(&browser, "#w-next").await?;
        browser.find("#ep0-url[aria-invalid]:focus").await?;
        title(&browser, "Error: Change destination").await?;
        axe(&browser, "refused").await?;
        press(&browser, "#w-add-header-0").await?;
        browser.find("#ep0-hk1:focus").await?;
        title(&browser, "Change destination").await?;
        browser.find("#ep0-url").await?.clear().await?;
        kind(&browser, "#ep0-url", "https://b.example.com/in").await?;
        press(&browser, "#w-next").await?;
        browser.find("#toasts .toast").await?;
        assert_eq!(database.lines("SELECT url AS line FROM endpoints"), ["https://b.example.com/in"]);

        browser.window.goto(site.url(&format!("{here}/triggers"))).await?;
        press(&browser, "#w-add-trigger").await?;
        browser.find("#tr1-r:focus").await?;
        kind(&browser, "#tr1-r", "User").await?;
        browser.find("#tr1-e option[value='user.created']").await?;
        kind(&browser, "#tr1-e", "Created").await?;
        press(&browser, "#w-next").await?;
        browser.find("#toasts .toast").await?;
        let events = database.lines("SELECT event_type AS line FROM triggers ORDER BY position");
        assert_eq!(events, ["order.completed", "user.created"]);
        browser.assert_quiet().await
    });
}

#[test]
fn a_webhook_is_changed_without_scripts() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let id = site.webhook("Desk", "https://a.example.com/in");
    let email = site.person("developer").email;
    browse_without_scripts(async |browser| {
        let here = details(&site, &id);
        site.sign_in(&browser, &email, &format!("{here}/edit")).await?;
        browser.find("#w-name").await?.clear().await?;
        kind(&browser, "#w-name", "Desk 2").await?;
        kind(&browser, "#w-for", "x").await?;
        press(&browser, "#w-next").await?;
        browser.find("#w-for[aria-invalid]").await?.clear().await?;
        title(&browser, "Error: Edit webhook").await?;
        press(&browser, "#w-next").await?;
        browser.find("#toasts .toast").await?;
        assert_eq!(database.lines("SELECT name AS line FROM webhooks"), ["Desk 2"]);
        browser.window.goto(site.url(&format!("{here}/endpoints/new"))).await?;
        kind(&browser, "#ep0-url", "https://b.example.com/in").await?;
        press(&browser, "#w-next").await?;
        browser.find("#toasts .toast").await?;
        browser.window.goto(site.url(&format!("{here}/rotate"))).await?;
        press(&browser, "dialog .btn.primary").await?;
        let secret = browser.find("#secret-1").await?.text().await?;
        assert!(secret.starts_with("whsec_"), "{secret}");
        browser.window.goto(site.url(&format!("{here}/secret"))).await?;
        press(&browser, "dialog .btn.primary").await?;
        assert_eq!(browser.find("#secret-1").await?.text().await?, secret);
        press(&browser, ".secret footer a").await?;
        browser.find("#main").await?;
        assert!(!browser.window.source().await?.contains(&secret[6..40]));
        browser.window.back().await?;
        assert!(!browser.window.source().await?.contains(&secret[6..40]));
        Ok(())
    });
}

#[test]
fn a_shown_secret_is_gone_when_one_comes_back() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let id = site.webhook("Desk", "https://a.example.com/in");
    let email = site.person("developer").email;
    browse(async |browser| {
        site.sign_in(&browser, &email, &format!("{}/secret", details(&site, &id))).await?;
        press(&browser, "dialog .btn.primary").await?;
        let secret = browser.find("#secret-1").await?.text().await?;
        assert_eq!(browser.focused().await?, "shown-secret", "the focus follows the secret");
        axe(&browser, "the secret").await?;
        press(&browser, ".nav-link[href$='/logs']").await?;
        browser.find(".nav-link[href$='/logs'][aria-current]").await?;
        browser.window.back().await?;
        // What is there is the browser's own page, which asks whether to send the form again.
        assert!(!browser.window.source().await?.contains(&secret[6..40]));
        Ok(())
    });
}

#[test]
fn each_of_them_fits_every_screen_in_both_themes() {
    let (database, receiver) = (TestDatabase::sqlite(), Receiver::start());
    let site = Site::open(&database);
    let id = site.webhook("Order desk", &receiver.url("/in"));
    let endpoint = format!("endpoints/{}", site.endpoint(&id));
    let email = site.person("developer").email;
    browse(async |browser| {
        site.sign_in(&browser, &email, &site.webhooks()).await?;
        browser.window.goto(site.url(&format!("{}/rotate", details(&site, &id)))).await?;
        press(&browser, "dialog .btn.primary").await?;
        browser.find("#secret-1").await?;
        let (destination, remove) = (format!("{endpoint}/destination"), format!("{endpoint}/remove"));
        let pages = [
            "edit",
            "triggers",
            "endpoints/new",
            &endpoint,
            &destination,
            &remove,
            "secret",
            "rotate",
            "test",
        ];
        for (width, height) in SCREENS {
            browser.resize(width, height).await?;
            for page in pages {
                browser.window.goto(site.url(&format!("{}/{page}", details(&site, &id)))).await?;
                browser.find("dialog[open]").await?;
                for dark in [false, true] {
                    browser.darken(dark).await?;
                    let what = format!("{page} at {width}, dark {dark}");
                    let inside = "const body = document.querySelector('.dialog-body'); \
                        return body.scrollWidth - body.clientWidth";
                    let inside: i64 = browser.window.execute(inside, Vec::new()).await?.convert()?;
                    assert_eq!((browser.overflow().await?, inside), (0, 0), "{what}");
                    axe(&browser, &what).await?;
                }
            }
        }
        Ok(())
    });
}
