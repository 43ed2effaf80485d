//! What a visitor has to load before a page stands.

use super::site::Site;
use crate::support::browser::browse;
use crate::support::databases::TestDatabase;
use serde_json::json;

/// The most that the first page may take, compressed, with all that belongs to it.
const MOST_BYTES: u64 = 120_000;

#[test]
fn a_first_page_takes_at_most_120_kb() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    for number in 0..25 {
        site.webhook(&format!("Order desk {number}"), "https://example.com/h");
    }
    let email = site.person("developer").email;
    browse(async |browser| {
        site.sign_in(&browser, &email, "/").await?;
        for page in [site.overview(), site.webhooks(), site.tokens()] {
            browser.window.cdp().send_raw("Network.clearBrowserCache", json!({})).await?;
            browser.window.goto(site.url(&page)).await?;
            browser.find("main h1").await?;
            let script = "const done = arguments[0]; document.fonts.ready.then(() => done( \
                [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')] \
                .map((one) => [new URL(one.name).pathname, one.transferSize])))";
            let loaded: Vec<(String, u64)> =
                browser.window.execute_async(script, Vec::new()).await?.convert()?;
            let sum: u64 = loaded.iter().map(|(_, bytes)| bytes).sum();
            let fonts = loaded.iter().filter(|(path, bytes)| path.contains("/fonts/") && *bytes > 0).count();
            assert!(fonts > 0 && loaded.iter().all(|(_, bytes)| *bytes > 0), "all are loaded: {loaded:?}");
            assert!(sum <= MOST_BYTES, "{page} takes {sum} bytes: {loaded:?}");
        }
        Ok(())
    });
}
