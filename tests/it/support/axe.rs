//! The accessibility rules of axe-core, asked about the page a browser shows.

use super::browser::Browser;
use serde_json::Value;
use thirtyfour::prelude::*;

/// axe-core 4.14.1 as npm has it, byte for byte; its licence stands beside it.
const AXE: &str = include_str!("axe/axe.min.js");
/// What never ends, such as a light that pulses, is stopped.
const SETTLE: &str = "document.getAnimations().forEach((one) => \
    one.effect.getComputedTiming().endTime === Infinity ? one.cancel() : one.finish())";
const ASK: &str = "const done = arguments[arguments.length - 1];
    axe.run(document, {resultTypes: ['violations']}).then(
        (found) => done(found.violations.map((rule) =>
            `${rule.id}: ${rule.help}: ${rule.nodes.map((node) => node.html + ' ' + node.failureSummary).join(' | ')}`)),
        (error) => done([String(error)]));";

/// Fails the test when axe-core finds anything wrong with the page; `what` names it.
pub async fn axe(browser: &Browser, what: &str) -> WebDriverResult<()> {
    let broken = broken_rules(browser).await?;
    assert!(broken.is_empty(), "{what}: {}", broken.join("\n"));
    Ok(())
}

/// One text for each rule that the page breaks. What still moves is let go to its end first.
pub async fn broken_rules(browser: &Browser) -> WebDriverResult<Vec<String>> {
    browser.window.execute(SETTLE, Vec::new()).await?;
    browser.window.execute(AXE, Vec::new()).await?;
    let found = browser.window.execute_async(ASK, Vec::new()).await?;
    let found: Vec<Value> = found.convert()?;
    Ok(found.iter().map(|rule| rule.as_str().unwrap_or_default().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::super::browser::browse;
    use super::*;

    #[test]
    fn a_page_without_names_is_found() {
        browse(async |browser| {
            browser
                .window
                .goto("data:text/html,<title>A</title><main><h1>A</h1><button></button></main>")
                .await?;
            let broken = broken_rules(&browser).await?;
            assert!(broken.iter().any(|rule| rule.starts_with("button-name")), "{broken:?}");
            assert!(broken.iter().any(|rule| rule.starts_with("html-has-lang")), "{broken:?}");
            Ok(())
        });
    }
}
