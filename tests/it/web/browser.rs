//! The first way through the product, in a real browser whose console stays quiet.

use super::site::{Site, until};
use crate::support::browser::browse;
use crate::support::databases::TestDatabase;
use crate::support::receiver::Receiver;

#[test]
fn a_person_signs_in_switches_a_webhook_and_reads_the_log() {
    let database = TestDatabase::sqlite();
    let (site, receiver) = (Site::open(&database), Receiver::start());
    let webhook = site.webhook("Order desk <img src=x onerror=alert(1)>", &receiver.url("/in"));
    let event = site.publish();
    let email = site.person("developer").email;
    // On a thread of its own, because this client blocks and the browser's does not.
    let ask = || site.api.get(&format!("/webhooks/{webhook}")).json()["data"]["status"].clone();
    let status = || std::thread::scope(|scope| scope.spawn(ask).join().expect("an answer"));
    browse(async |browser| {
        site.sign_in(&browser, &email, "/").await?;
        assert_eq!(browser.window.current_url().await?.path(), site.overview());
        browser.find("a.nav-link[href$='/admin/webhooks']").await?.click().await?;
        let name = browser.find("table.saved .name").await?;
        assert_eq!(name.text().await?, "Order desk <img src=x onerror=alert(1)>");

        browser.find("button[role=switch][aria-checked=true]").await?.click().await?;
        browser.find("button[role=switch][aria-checked=false]").await?;
        assert_eq!(status(), "inactive");
        assert_eq!(browser.window.current_url().await?.path(), site.webhooks(), "the page did not move");
        browser.find("button[role=switch][aria-checked=false]").await?.click().await?;
        browser.find("button[role=switch][aria-checked=true]").await?;
        until(|| (status() == "active").then_some(()));

        browser.find("a.nav-link[href$='/logs']").await?.click().await?;
        browser.find(&format!("#row-{event}")).await?.click().await?;
        browser.find("#event .codeblock pre").await?;
        assert!(browser.window.current_url().await?.path().ends_with(&event));
        browser.assert_quiet().await
    });
}

#[test]
fn a_page_can_have_no_worker() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    for path in ["/sw.js", "/service-worker.js", "/manifest.json", "/manifest.webmanifest"] {
        assert_ne!(site.visitor().get(path).status, 200, "C15: {path}");
    }
    let page = site.visitor().get("/login");
    assert!(!page.body.contains("rel=\"manifest\""), "C15");
    let script = "const done = arguments[0], own = document.querySelector('script[src*=\"/js/app\"]').src; \
        const service = navigator.serviceWorker.register(own).then(() => 'registered', e => e.name); \
        const worker = new Promise(told => { \
            try { const one = new Worker(own); one.onerror = () => told('refused'); one.onmessage = told; } \
            catch (e) { told(e.name); } }); \
        Promise.all([service, worker]).then(done)";
    browse(async |browser| {
        browser.window.goto(site.url("/login")).await?;
        let told = browser.window.execute_async(script, Vec::new()).await?;
        let told: [String; 2] = told.convert()?;
        assert_eq!(told, ["SecurityError", "refused"], "C15");
        let complaints = browser.window.browser_log().await?;
        let by_policy = complaints.iter().filter(|entry| entry.message.contains("worker-src"));
        assert!(by_policy.count() >= 2, "C15: the policy refuses both: {complaints:?}");
        Ok(())
    });
}
