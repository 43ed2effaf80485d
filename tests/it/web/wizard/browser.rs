//! The wizard in a real browser: with scripts and without, on every screen, by keyboard, and with a secret that is
//! gone afterwards.

use crate::support::axe::axe;
use crate::support::browser::{Browser, SCREENS, browse, browse_without_scripts};
use crate::support::databases::TestDatabase;
use crate::web::site::Site;
use thirtyfour::prelude::*;

async fn kind(browser: &Browser, css: &str, text: &str) -> WebDriverResult<()> {
    browser.find(css).await?.send_keys(text).await
}

async fn press(browser: &Browser, css: &str) -> WebDriverResult<()> {
    browser.find(css).await?.click().await
}

/// Waits for the step whose first field this is, and for the focus to be there.
async fn reaches(browser: &Browser, id: &str) -> WebDriverResult<()> {
    browser.find(&format!("#{id}:focus")).await.map(drop)
}

async fn choose(browser: &Browser, css: &str, label: &str) -> WebDriverResult<()> {
    let script = format!(
        "const one = document.querySelector('{css}'); \
         one.value = [...one.options].find((option) => option.label === '{label}').value; \
         one.dispatchEvent(new Event('change', {{bubbles: true}}))"
    );
    browser.window.execute(script, Vec::new()).await.map(drop)
}

#[test]
fn a_webhook_is_added_with_the_keyboard_and_its_secret_is_gone_afterwards() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let email = site.person("developer").email;
    site.publish();
    browse(async |browser| {
        site.sign_in(&browser, &email, &site.webhooks()).await?;
        press(&browser, "a.btn.primary[href$='/new']").await?;
        reaches(&browser, "w-name").await?;
        axe(&browser, "step 1").await?;
        kind(&browser, "#w-name", "Order desk").await?;
        kind(&browser, "#w-for", "x").await?;
        kind(&browser, "#w-for", &Key::Enter.value().to_string()).await?;
        browser.find("#w-for[aria-invalid]:focus").await?;
        axe(&browser, "step 1, refused").await?;
        kind(&browser, "#w-for", &Key::Backspace.value().to_string()).await?;
        kind(&browser, "#w-for", &Key::Enter.value().to_string()).await?;

        // Enter in a field goes on, though other buttons come before Next.
        reaches(&browser, "ep0-url").await?;
        axe(&browser, "step 2").await?;
        kind(&browser, "#ep0-url", "http://10.0.4.12/hooks").await?;
        press(&browser, "#w-add-endpoint").await?;
        reaches(&browser, "ep1-url").await?;
        kind(&browser, "#ep1-url", &format!("https://backup.example.com/orders{}", Key::Enter.value()))
            .await?;
        browser.find("#ep0-url[aria-invalid]:focus").await?;
        axe(&browser, "step 2, refused").await?;
        browser.find("#ep0-url").await?.clear().await?;
        kind(&browser, "#ep0-url", "https://orders.example.com/in").await?;
        press(&browser, ".disclosure summary").await?;
        assert!(!browser.find("#ep0-own").await?.is_displayed().await?);
        choose(&browser, "#ep0-sec", "Use my own").await?;
        assert!(browser.find("#ep0-own").await?.is_displayed().await?);
        choose(&browser, "#ep0-sec", "Generate one for me").await?;
        press(&browser, "#w-add-header-0").await?;
        reaches(&browser, "ep0-hk1").await?;
        axe(&browser, "step 2, advanced").await?;
        press(&browser, "#w-next").await?;

        reaches(&browser, "tr0-r").await?;
        choose(&browser, "#tr0-r", "Order").await?;
        browser.find("#tr0-e option[value='order.completed']").await?;
        assert_eq!(browser.focused().await?, "tr0-r", "the focus stays");
        choose(&browser, "#tr0-e", "Completed").await?;
        let sentence = "//*[@id='w-sentence'][contains(., 'When an order is completed, Bellwire posts to')]";
        browser.window.query(By::XPath(sentence)).first().await?;
        press(&browser, "#tr0 ~ * summary, section .disclosure summary").await?;
        kind(&browser, "#tr0-cp0", "total").await?;
        choose(&browser, "#tr0-co0", ">").await?;
        kind(&browser, "#tr0-cv0", "100").await?;
        let tried = "//*[@id='tr0-tried'][contains(., 'The last order.completed event would have matched.')]";
        browser.window.query(By::XPath(tried)).first().await?;
        assert_eq!(browser.focused().await?, "tr0-cv0", "nobody is disturbed while typing");
        axe(&browser, "step 3").await?;
        press(&browser, "#w-add-trigger").await?;
        reaches(&browser, "tr1-r").await?;
        press(&browser, "button[value='remove-trigger-1']").await?;
        reaches(&browser, "w-add-trigger").await?;
        press(&browser, "#w-back").await?;
        reaches(&browser, "ep0-url").await?;
        press(&browser, "#w-back").await?;
        reaches(&browser, "w-name").await?;
        press(&browser, "#w-next").await?;
        reaches(&browser, "ep0-url").await?;
        press(&browser, "#w-next").await?;
        reaches(&browser, "tr0-r").await?;
        assert_eq!(browser.find("#tr0-cv0").await?.value().await?.as_deref(), Some("100"));
        press(&browser, "#w-next").await?;

        let secret = browser.find("#webhook-secret").await?.text().await?;
        assert!(secret.starts_with("whsec_"), "{secret}");
        assert_eq!(browser.focused().await?, "new-secret", "the focus follows the secret");
        assert!(browser.gone("dialog").await?, "the dialog is gone");
        assert_eq!(browser.find("table.saved .name").await?.text().await?, "Order desk");
        assert_eq!(browser.window.current_url().await?.path(), site.webhooks());
        axe(&browser, "the secret").await?;
        browser.window.refresh().await?;
        browser.find("table.saved .name").await?;
        assert!(!browser.readable().await?.contains(&secret[6..40]));
        browser.assert_quiet().await
    });
}

#[test]
fn leaving_a_shown_secret_and_going_back_does_not_show_it() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let email = site.person("developer").email;
    browse(async |browser| {
        site.sign_in(&browser, &email, &format!("{}/new", site.webhooks())).await?;
        reaches(&browser, "w-name").await?;
        kind(&browser, "#w-name", &format!("Order desk{}", Key::Enter.value())).await?;
        reaches(&browser, "ep0-url").await?;
        kind(&browser, "#ep0-url", &format!("https://orders.example.com/in{}", Key::Enter.value())).await?;
        reaches(&browser, "tr0-r").await?;
        choose(&browser, "#tr0-r", "Order").await?;
        browser.find("#tr0-e option[value='order.completed']").await?;
        choose(&browser, "#tr0-e", "Completed").await?;
        press(&browser, "#w-next").await?;
        let secret = browser.find("#webhook-secret").await?.text().await?;
        press(&browser, ".nav-link[href$='/logs']").await?;
        browser.find(".nav-link[href$='/logs'][aria-current]").await?;
        browser.window.back().await?;
        browser.find("table.saved .name").await?;
        assert!(!browser.readable().await?.contains(&secret[6..40]));
        Ok(())
    });
}

#[test]
fn a_webhook_is_added_without_scripts() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let email = site.person("developer").email;
    browse_without_scripts(async |browser| {
        site.sign_in(&browser, &email, &site.webhooks()).await?;
        press(&browser, "a.btn.primary[href$='/new']").await?;
        kind(&browser, "#w-name", "Order desk").await?;
        kind(&browser, "#w-for", "nobody").await?;
        press(&browser, "#w-next").await?;
        browser.find("#w-for[aria-invalid]").await?;
        browser.find("#w-for").await?.clear().await?;
        press(&browser, "#w-next").await?;
        kind(&browser, "#ep0-url", "https://orders.example.com/in").await?;
        press(&browser, "#w-add-endpoint").await?;
        kind(&browser, "#ep1-url", "https://backup.example.com/in").await?;
        press(&browser, "#w-back").await?;
        press(&browser, "#w-next").await?;
        assert_eq!(
            browser.find("#ep1-url").await?.value().await?.as_deref(),
            Some("https://backup.example.com/in")
        );
        press(&browser, "#w-next").await?;
        browser.find("#tr0-r option[value='order']").await?.click().await?;
        press(&browser, "button[value='look']").await?;
        browser.find("#tr0-e option[value='order.refunded']").await?.click().await?;
        press(&browser, "#w-next").await?;
        let secret = browser.find("#webhook-secret").await?.text().await?;
        assert!(secret.starts_with("whsec_"), "{secret}");
        browser.window.refresh().await?;
        browser.find("#hooks-notice").await?;
        assert!(!browser.window.source().await?.contains(&secret[6..40]), "sent again");
        assert_eq!(browser.window.find_all(By::Css("table.saved .name")).await?.len(), 1);
        Ok(())
    });
}

#[test]
fn each_step_fits_every_screen_in_both_themes() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let email = site.person("developer").email;
    browse(async |browser| {
        site.sign_in(&browser, &email, &site.webhooks()).await?;
        for (width, height) in SCREENS {
            browser.resize(width, height).await?;
            browser.window.goto(site.url(&format!("{}/new", site.webhooks()))).await?;
            reaches(&browser, "w-name").await?;
            fits(&browser, width, "step 1").await?;
            kind(&browser, "#w-name", "Order desk").await?;
            press(&browser, "#w-next").await?;
            reaches(&browser, "ep0-url").await?;
            kind(&browser, "#ep0-url", "https://orders.example.com/in").await?;
            press(&browser, ".disclosure summary").await?;
            fits(&browser, width, "step 2").await?;
            press(&browser, "#w-next").await?;
            reaches(&browser, "tr0-r").await?;
            press(&browser, ".disclosure summary").await?;
            fits(&browser, width, "step 3").await?;
        }
        Ok(())
    });
}

async fn fits(browser: &Browser, width: u32, step: &str) -> WebDriverResult<()> {
    for dark in [false, true] {
        browser.darken(dark).await?;
        let what = format!("{step} at {width}, dark {dark}");
        let inside =
            "const body = document.querySelector('.dialog-body'); return body.scrollWidth - body.clientWidth";
        let inside: i64 = browser.window.execute(inside, Vec::new()).await?.convert()?;
        assert_eq!((browser.overflow().await?, inside), (0, 0), "{what}");
        axe(browser, &what).await?;
    }
    Ok(())
}
