//! Partner search among many partners, and what is noted of whoever enters a unit of another partner.

use super::site::{Site, between};
use crate::support::axe::axe;
use crate::support::browser::{browse, browse_without_scripts};
use crate::support::databases::{TestDatabase, both_databases};
use thirtyfour::prelude::*;

both_databases!(
    a_partner_is_found_among_many_by_number_and_by_any_part_of_its_name,
    entering_a_unit_is_written_down_once_in_a_session_and_offered_again,
    a_withdrawn_grant_counts_from_the_next_request,
);

/// Lets the global partner open the other unit too.
fn grant_other(database: &TestDatabase, site: &Site) {
    let grant = "INSERT INTO grants (partner_id, bu_id, created_at) SELECT p.id, b.id, 0 \
        FROM partners p CROSS JOIN business_units b WHERE p.kind = 'global' AND b.id = ";
    database.execute(&format!("{grant}'{}'", site.other_bu));
}

/// The numbers of the partners that a page lists, in its order.
fn listed(page: &str) -> Vec<String> {
    let radios = page.split("name=\"partner\"").skip(1);
    radios.map(|radio| between(radio, "value=\"", "\"").unwrap().to_owned()).collect()
}

fn a_partner_is_found_among_many_by_number_and_by_any_part_of_its_name(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.global_person("viewer");
    let many = "WITH RECURSIVE n(i) AS (SELECT 50001 UNION ALL SELECT i + 1 FROM n WHERE i < 55000) ";
    for insert in [
        "INSERT INTO partners (id, name, name_folded, kind, grants_all, created_at) \
         SELECT i, 'Zulu Trading ' || i, 'zulu trading ' || i, 'channel', FALSE, 0 FROM n",
        "INSERT INTO business_units (id, partner_id, name, api_access, created_at) \
         SELECT 'bu_000000000000000000000' || i, i, 'Zulu Trading ' || i, TRUE, 0 FROM n",
    ] {
        // One form for both: the list of numbers stands before the whole statement.
        database.execute(&format!("{many}{insert}"));
    }
    let found = |q: &str| listed(&person.get(&format!("/partners?q={q}")).body);
    assert_eq!(found("Zulu"), Vec::<String>::new(), "none of them is granted");
    let kestrel =
        database.lines("SELECT CAST(id AS TEXT) AS line FROM partners WHERE name = 'Kestrel'").remove(0);
    assert_eq!(found("estr"), [kestrel.as_str()]);

    database.execute("UPDATE partners SET grants_all = TRUE WHERE kind = 'global'");
    database.execute(
        "UPDATE partners SET name = 'Émile 50007 Søn', name_folded = 'emile 50007 søn' WHERE id = 54321",
    );
    assert_eq!(found("54321"), ["54321"]);
    assert_eq!(found("EMILE"), ["54321"], "whatever case and accents");
    assert_eq!(found("ile+50007"), ["54321"]);
    assert_eq!(found("50007"), ["50007", "54321"], "the exact number first, then whose name holds it");
    assert_eq!(found("5432"), (54_320..54_330).map(|n| n.to_string()).collect::<Vec<_>>());
    assert_eq!(found("zulu"), (50_001..50_021).map(|n| n.to_string()).collect::<Vec<_>>());
    assert_eq!(found("trading"), found("zulu"), "what is common comes in the order of names");
    assert_eq!(found("g+54999"), ["54999"]);
    assert_eq!(found("%22%27%3B--"), Vec::<String>::new());
    assert_eq!(found("el"), [kestrel.as_str()], "two letters are enough");
    let many = person.get("/partners?q=zulu").body;
    assert!(many.contains("The first 20 partners that match “zulu”"), "{many}");
}

fn entering_a_unit_is_written_down_once_in_a_session_and_offered_again(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.global_person("developer");
    grant_other(database, &site);
    let entered = || {
        let sql =
            "SELECT actor_name || ' ' || bu_id AS line FROM audit WHERE action = 'unit.entered' ORDER BY seq";
        database.lines(sql)
    };
    let kestrel =
        database.lines("SELECT CAST(id AS TEXT) AS line FROM partners WHERE name = 'Kestrel'").remove(0);
    assert!(person.get("/partners").body.contains("2 partners you may open"));
    let opened = person.get(&format!("/partners?q=kes&partner={kestrel}"));
    assert_eq!((opened.status, opened.header("location")), (303, site.inside("/webhooks").as_str()));
    assert_eq!(entered(), Vec::<String>::new());
    for _ in 0..3 {
        assert_eq!(person.get(opened.header("location")).status, 200);
    }
    assert_eq!(entered(), [format!("Ada {}", site.bu)]);
    // A link leads in as well.
    assert_eq!(person.get(&format!("/bu/{}/logs", site.other_bu)).status, 200);
    assert_eq!(person.get(&site.webhooks()).status, 200);
    assert_eq!(entered(), [format!("Ada {}", site.bu), format!("Ada {}", site.other_bu)]);
    let page = person.get("/partners").body;
    assert!(page.contains("Recently opened") && page.contains("Channel partner · no webhooks yet"), "{page}");
    assert_eq!(listed(&page).len(), 2);
    assert_eq!(listed(&page)[1], kestrel, "the last one first");

    let own = site.person("developer");
    assert_eq!(own.get(&site.webhooks()).status, 200);
    assert_eq!(entered().len(), 2, "who is at home enters nothing");
}

fn a_withdrawn_grant_counts_from_the_next_request(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.global_person("developer");
    let webhook = site.webhook("Desk", "https://example.com/h");
    let token = person.token(&site.webhooks());
    database.execute("DELETE FROM grants");
    let pause = format!("{}/{webhook}/pause", site.webhooks());
    assert_eq!(person.send(&pause, &token, &[]).status, 404);
    assert_eq!(person.get(&site.webhooks()).status, 404);
    let search = person.get("/partners").body;
    assert_eq!(listed(&search), Vec::<String>::new());
    assert!(search.contains("No partner to open yet"), "{search}");
    assert_eq!(site.api.get(&format!("/webhooks/{webhook}")).json()["data"]["status"], "active");
}

#[test]
fn two_tabs_hold_two_units() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let email = site.global_person("developer").email;
    grant_other(&database, &site);
    let ours = site.webhook("Order desk", "https://example.com/h");
    let theirs = site.other_webhook();
    let ask = || {
        [(&site.api, &ours), (&site.other_api, &theirs)]
            .map(|(api, id)| api.get(&format!("/webhooks/{id}")).json()["data"]["status"].clone())
    };
    let states = || std::thread::scope(|scope| scope.spawn(ask).join().expect("answers"));
    let (on, off) = ("button[role=switch][aria-checked=true]", "button[role=switch][aria-checked=false]");
    browse(async |browser| {
        site.sign_in(&browser, &email, "/partners").await?;
        axe(&browser, "partner search").await?;
        browser.find("#q").await?.send_keys("KESTR").await?;
        browser.find(".partner mark").await?;
        browser.find("#results button.primary").await?.click().await?;
        let banner = "//*[contains(@class, 'bu-banner')][contains(., 'You are in Kestrel')]";
        browser.window.query(By::XPath(banner)).first().await?;
        let first = browser.window.window().await?;
        let second = browser.window.new_tab().await?;
        browser.window.switch_to_window(second.clone()).await?;
        browser.window.goto(site.url(&format!("/bu/{}/admin/webhooks", site.other_bu))).await?;
        let other = "//*[contains(@class, 'bu-banner')][contains(., 'You are in Globex')]";
        browser.window.query(By::XPath(other)).first().await?;

        // The tab that was opened first still acts in its own unit.
        browser.window.switch_to_window(first).await?;
        browser.find(".nav-link[href$='/admin/webhooks']").await?.click().await?;
        browser.find(on).await?.click().await?;
        browser.find(off).await?;
        assert_eq!(states(), ["inactive", "active"]);
        browser.window.switch_to_window(second).await?;
        browser.window.query(By::XPath(other)).first().await?;
        browser.find(on).await?.click().await?;
        browser.find(off).await?;
        assert_eq!(states(), ["inactive", "inactive"]);
        browser.find(".bu-banner .actions a").await?.click().await?;
        let lately = "//*[@id='results'][contains(., 'Recently opened')][contains(., 'Globex')]";
        browser.window.query(By::XPath(lately)).first().await?;
        browser.assert_quiet().await
    });
}

#[test]
fn a_partner_is_found_and_opened_without_scripts() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let email = site.global_person("viewer").email;
    browse_without_scripts(async |browser| {
        site.sign_in(&browser, &email, "/partners").await?;
        browser.find("#q").await?.send_keys("estr").await?;
        browser.find("noscript button, .with-icon ~ button").await?.click().await?;
        browser.find(".partner mark").await?;
        browser.find("#results button.primary").await?.click().await?;
        browser.find(".bu-banner").await?;
        Ok(())
    });
}
