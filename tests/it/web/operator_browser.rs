//! The operator's pages in a real browser, with scripts and without, on every screen in both themes.

use super::site::Site;
use crate::support::axe::axe;
use crate::support::browser::{Browser, SCREENS, browse, browse_without_scripts};
use crate::support::databases::TestDatabase;
use std::time::Duration;
use thirtyfour::prelude::*;

const PARTNERS: &str = "/operator/partners";
const PATIENCE: Duration = Duration::from_secs(20);

/// A site that the owner of the first partner operates; their e-mail address.
fn operated(database: &TestDatabase) -> (Site, String) {
    let site = Site::open(database);
    let number = "SELECT CAST(id AS TEXT) AS line FROM partners WHERE name = 'Kestrel'";
    let number = database.lines(number).remove(0);
    site.run(&["partner", "operator", "--partner", &number, "--operates", "on"]).success();
    let email = site.person("owner").email;
    (site, email)
}

/// Makes a global partner from its list, and grants it a unit; back at its page.
async fn make_a_partner(site: &Site, browser: &Browser) -> WebDriverResult<()> {
    browser.find("#create").await?.click().await?;
    browser.find("#name").await?.send_keys("Atlas").await?;
    browser.find("input[name=kind][value=global]").await?.click().await?;
    browser.find("#owner_name").await?.send_keys("Bo Lind").await?;
    browser.find("#owner_email").await?.send_keys("bo").await?;
    // What the browser itself would not send is not what is looked at here.
    browser.find("#owner_email").await?.send_keys("@atlas.example").await?;
    browser.find("form[action$='/new'] button[type=submit]").await?.click().await?;
    let link = browser.find("#owner-link").await?.text().await?;
    assert!(link.starts_with(&site.url("/setup?link=")), "{link}");
    let secret = link.split_once("link=").unwrap().1.to_owned();
    browser.find("#new-link footer a").await?.click().await?;
    browser.find("body:not(:has(#new-link)) #told").await?;
    assert!(!browser.readable().await?.contains(&secret), "shown once");
    let other = site.other_partner.to_string();
    browser.find("#units").await?.send_keys(&other).await?;
    browser.find("form[action$='/grants'] button[type=submit]").await?.click().await?;
    browser.find("#grants .rows li").await?;
    browser.find("form[action$='/withdraw'] button").await?.click().await?;
    browser.find("body:not(:has(#grants .rows li)) #told").await.map(drop)
}

#[test]
fn a_partner_is_found_made_and_granted_a_unit() {
    let database = TestDatabase::sqlite();
    let (site, email) = operated(&database);
    browse(async |browser| {
        site.sign_in(&browser, &email, &site.overview()).await?;
        browser.find(".nav-foot button.who").await?.click().await?;
        browser.find("#user-menu:popover-open a[href='/operator/partners']").await?.click().await?;
        browser.find("input[name=q]").await?.send_keys("glob").await?;
        browser.find("#found tbody tr:only-child").await?;
        assert!(browser.find("#found tbody").await?.text().await?.contains("Globex"));
        browser.window.goto(site.url(PARTNERS)).await?;
        make_a_partner(&site, &browser).await?;
        browser.assert_quiet().await
    });
}

#[test]
fn a_partner_is_made_and_granted_a_unit_without_scripts() {
    let database = TestDatabase::sqlite();
    let (site, email) = operated(&database);
    browse_without_scripts(async |browser| {
        site.sign_in(&browser, &email, PARTNERS).await?;
        make_a_partner(&site, &browser).await?;
        browser.window.goto(site.url(&format!("{PARTNERS}/{}", site.other_partner))).await?;
        browser.find("#plan").await?.click().await?;
        browser.find("button.danger").await?.click().await?;
        told(&browser, "API access taken").await?;
        browser.find("form[action$='/name'] button").await?.click().await?;
        told(&browser, "Partner renamed").await?;
        Ok(())
    });
}

/// Waits for the page that says so: the one before may have said something else.
async fn told(browser: &Browser, what: &str) -> WebDriverResult<()> {
    let said = By::XPath(format!("//*[@id='told'][contains(., '{what}')]"));
    browser.window.query(said).wait(PATIENCE, PATIENCE / 300).first().await.map(drop)
}

#[test]
fn the_operators_pages_are_sound_on_every_screen_in_both_themes() {
    let database = TestDatabase::sqlite();
    let (site, email) = operated(&database);
    let (_, atlas) = site.global("viewer");
    let pages = [
        PARTNERS.to_owned(),
        format!("{PARTNERS}?q=nowhere"),
        format!("{PARTNERS}/new"),
        format!("{PARTNERS}/{}", site.other_partner),
        format!("{PARTNERS}/{}/plan", site.other_partner),
        format!("{PARTNERS}/{atlas}"),
    ];
    browse(async |browser| {
        site.sign_in(&browser, &email, PARTNERS).await?;
        for page in &pages {
            browser.window.goto(site.url(page)).await?;
            for (width, height) in SCREENS {
                browser.resize(width, height).await?;
                for dark in [false, true] {
                    browser.darken(dark).await?;
                    axe(&browser, &format!("{page} {width} {dark}")).await?;
                    assert_eq!(browser.overflow().await?, 0, "{page} {width}");
                }
            }
        }
        browser.assert_quiet().await
    });
}
