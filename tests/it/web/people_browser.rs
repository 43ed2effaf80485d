//! Users, teams and the audit log in a real browser, with scripts and without, on every screen in both themes.

use super::site::{PASSWORD, Site};
use crate::support::axe::axe;
use crate::support::browser::{Browser, SCREENS, browse, browse_without_scripts};
use crate::support::databases::TestDatabase;
use thirtyfour::prelude::*;

fn users(site: &Site) -> String {
    format!("/bu/{}/admin/users", site.bu)
}

/// Fills in Invite user and sends it; the link that comes back.
async fn invite(browser: &Browser, email: &str) -> WebDriverResult<String> {
    browser.find("#invite").await?.click().await?;
    browser.find("dialog[open] #email").await?.send_keys(email).await?;
    browser.find("#name").await?.send_keys("Grace Hopper").await?;
    browser.find("dialog button[type=submit]").await?.click().await?;
    browser.find("#invite-link").await?.text().await
}

#[test]
fn a_user_is_invited_changed_and_removed() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let email = site.person("owner").email;
    browse(async |browser| {
        site.sign_in(&browser, &email, &users(&site)).await?;
        browser.find("#invite").await?.click().await?;
        browser.find("dialog[open] #email").await?.send_keys("nobody@x").await?;
        assert_eq!(browser.focused().await?, "email");
        browser.find("#name").await?.send_keys("Grace").await?;
        browser.find("dialog button[type=submit]").await?.click().await?;
        browser.find("#email[aria-invalid]").await?;
        assert_eq!(browser.focused().await?, "email", "the focus is on what is wrong");
        axe(&browser, "Invite user, refused").await?;
        browser.find("dialog [data-close]").await?.click().await?;

        let link = invite(&browser, "grace@kestrel.example").await?;
        assert!(link.contains("/setup?link="), "{link}");
        assert_eq!(browser.focused().await?, "new-link", "the focus follows the link");
        axe(&browser, "the link").await?;
        let secret = link.split_once("link=").unwrap().1.to_owned();
        browser.window.refresh().await?;
        browser.find("#found table").await?;
        assert!(!browser.readable().await?.contains(&secret), "a reload shows the list");

        let menu = "button[aria-label='More actions for Grace Hopper']";
        browser.find(menu).await?.click().await?;
        let edit = browser.find(".menu:popover-open a[href$='/edit']").await?;
        axe(&browser, "the menu").await?;
        edit.click().await?;
        browser.find("dialog[open] #role").await?.send_keys("Developer").await?;
        axe(&browser, "Edit user").await?;
        browser.find("dialog button[type=submit]").await?.click().await?;
        browser.find("#toasts .toast").await?;
        assert!(browser.find("#found table").await?.text().await?.contains("Developer"));

        browser.find(menu).await?.click().await?;
        browser.find(".menu:popover-open a[href$='/remove']").await?.click().await?;
        browser.find("dialog[open] .btn.danger").await?;
        axe(&browser, "Remove user").await?;
        browser.find("dialog .btn.danger").await?.click().await?;
        browser.find("#toasts .toast").await?;
        assert!(!browser.find("#found table").await?.text().await?.contains("Grace"));
        browser.assert_quiet().await
    });
}

#[test]
fn a_user_and_a_team_are_made_without_scripts() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let email = site.person("owner").email;
    browse_without_scripts(async |browser| {
        site.sign_in(&browser, &email, &users(&site)).await?;
        let link = invite(&browser, "grace@kestrel.example").await?;
        let other = browser.window.new_tab().await?;
        let first = browser.window.window().await?;
        browser.window.switch_to_window(other).await?;
        browser.window.goto(&link).await?;
        browser.find("#password").await?.send_keys(PASSWORD).await?;
        browser.find("#password_again").await?.send_keys(PASSWORD).await?;
        browser.find("form.form button[type=submit]").await?.click().await?;
        browser.find("#main").await?;
        browser.window.switch_to_window(first).await?;
        browser.window.delete_all_cookies().await?;
        site.sign_in(&browser, &email, &format!("/bu/{}/admin/teams", site.bu)).await?;
        browser.find("#create-team").await?.click().await?;
        browser.find("dialog[open] #n-name").await?.send_keys("Support").await?;
        browser.find("dialog button[type=submit]").await?.click().await?;
        browser.find("select[name=login]").await?.send_keys("Grace").await?;
        browser.find("#members .toolbar button").await?.click().await?;
        let members = browser.find("#members table").await?.text().await?;
        assert!(members.contains("grace@kestrel.example"), "{members}");
        browser.find("#members td form button").await?.click().await?;
        browser.find("#members .empty").await?;
        browser.find(".page-head a.danger-soft").await?.click().await?;
        browser.find("dialog[open] .btn.danger").await?.click().await?;
        browser.find("#create-team").await?;
        browser.window.goto(site.url(&format!("/bu/{}/admin/audit", site.bu))).await?;
        browser.find("#found table details summary").await?.click().await?;
        assert!(browser.find("#found").await?.text().await?.contains("Team deleted"));
        Ok(())
    });
}

#[test]
fn the_pages_fit_every_screen_in_both_themes() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let (owner, viewer) = (site.person("owner"), site.person("viewer"));
    let bu = format!("/bu/{}", site.bu);
    for (at, name) in [("admin/teams", "EMEA Sales"), ("programmes", "Kestrel Miles")] {
        let token = owner.token(&site.webhooks());
        assert_eq!(owner.send(&format!("{bu}/{at}/new"), &token, &[("name", name)]).status, 303);
    }
    let team = database.lines("SELECT id AS line FROM teams").remove(0);
    let sql = format!("SELECT id AS line FROM users WHERE email = '{}'", viewer.email);
    let user = database.lines(&sql).remove(0);
    let pages = [
        "admin/users".to_owned(),
        "admin/users/new".to_owned(),
        format!("admin/users/{user}/disable"),
        "admin/teams".to_owned(),
        format!("admin/teams/{team}"),
        "programmes".to_owned(),
        "admin/audit".to_owned(),
    ];
    browse(async |browser| {
        site.sign_in(&browser, &owner.email, &site.webhooks()).await?;
        for (width, height) in SCREENS {
            browser.resize(width, height).await?;
            for dark in [false, true] {
                browser.darken(dark).await?;
                for path in &pages {
                    browser.window.goto(site.url(&format!("{bu}/{path}"))).await?;
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
