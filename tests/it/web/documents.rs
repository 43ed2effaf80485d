//! What the five documents say of places: what stands where, in which order, and where a press leads.
//! `docs/coverage.md` names for each of their lines what holds it.

use super::site::{Person, Site, between, until};
use crate::support::browser::{Browser, browse};
use crate::support::databases::TestDatabase;
use crate::support::receiver::Receiver;
use serde_json::json;
use thirtyfour::prelude::*;

/// Where each of these stands in a page, which must be in this order.
fn in_order(page: &str, texts: &[&str]) {
    let mut from = 0;
    for text in texts {
        let found = page.get(from..).and_then(|rest| rest.find(text));
        from += found.unwrap_or_else(|| panic!("{text} is missing, or stands before what precedes it"));
    }
}

/// The heads of the first table of this class.
fn heads(page: &str, class: &str) -> Vec<String> {
    let table = page.split("<table class=\"").find(|table| table.starts_with(class)).expect("a table");
    let head = between(table, "<thead", "</thead>").expect("heads");
    let cells = head.split("scope=\"col\">").skip(1).map(|cell| cell.split("</th>").next().unwrap());
    cells.map(|cell| cell.replace("<span class=\"vh\">", "").replace("</span>", "")).collect()
}

/// What stands in the cell of this name in the first row.
fn cell<'a>(page: &'a str, name: &str) -> &'a str {
    between(page, &format!("data-label=\"{name}\""), "</td>").expect("a cell")
}

#[test]
fn admin_leads_to_api_and_webhooks_and_both_are_tabs_of_one_page() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let person = site.person("viewer");
    let (api, webhooks) = (site.tokens(), site.webhooks());
    for (here, other) in [(&api, &webhooks), (&webhooks, &api)] {
        let page = person.get(here).body;
        let admin = between(&page, "id=\"nav-admin\"", "</ul>").expect("the group Admin");
        in_order(admin, &["Admin</p>", &api, "API</a>", &webhooks, "Webhooks</a>"]);
        let tabs = between(&page, "<nav class=\"tabs\"", "</nav>").expect("tabs");
        assert_eq!(tabs.matches("<a ").count(), 2, "{tabs}");
        in_order(tabs, &[&api, ">API</a>", &webhooks, ">Webhooks "]);
        assert!(tabs.contains(&format!("href=\"{here}\" aria-current=\"page\"")), "{tabs}");
        assert!(!tabs.contains(&format!("href=\"{other}\" aria-current")), "{tabs}");
    }
}

#[test]
fn the_tables_have_the_columns_of_the_documents() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let person = site.person("viewer");
    let id = site.webhook("Order desk", "https://example.com/h");
    let tokens = heads(&person.get(&site.tokens()).body, "data cards tokens");
    assert_eq!(tokens[..4], ["Name", "Permissions", "Created", "Last used"]);
    let page = person.get(&site.webhooks()).body;
    let saved = heads(&page, "data cards saved");
    assert_eq!(saved[..7], ["ID", "Login", "For Login", "Team", "Name", "Description", "Events and URL"]);
    assert_eq!(saved[8..], ["Last sent", "Active", "Delete"]);
    let shown = cell(&page, "ID");
    assert!(shown.contains(&format!("title=\"{id}\"")), "whole when it is pointed at: {shown}");
    assert!(shown.contains(&format!(">wh_…{}<", &id[id.len() - 6..])), "{shown}");
    assert!(person.get(&site.path(&id)).body.contains(&format!("data-copy=\"{id}\"")), "whole to copy");
    let sends = cell(&page, "Sends");
    assert!(sends.contains("order.completed") && sends.contains("example.com/h"), "{sends}");
}

#[test]
fn the_base_url_stands_above_the_tokens_and_leads_to_the_documentation() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let page = site.person("developer").get(&site.tokens()).body;
    let base = format!("value=\"{}\"", site.url("/api/v1"));
    in_order(&page, &["<h2 id=\"base-h\">API base URL", "href=\"/docs/api\"", "View API Docs", &base]);
    in_order(&page, &[&base, "<h2 id=\"tok-h\">API tokens", "Create Token"]);
}

#[test]
fn last_sent_is_told_in_the_row() {
    let database = TestDatabase::sqlite();
    let (site, receiver) = (Site::open(&database), Receiver::start());
    site.webhook("Order desk", &receiver.url("/in"));
    let person = site.person("viewer");
    assert!(cell(&person.get(&site.webhooks()).body, "Last sent").contains("Never"));
    site.publish();
    let page = until(|| {
        Some(person.get(&site.webhooks()).body).filter(|page| cell(page, "Last sent").contains("<time"))
    });
    let sent = cell(&page, "Last sent");
    assert!(sent.contains("datetime=\"20") && sent.contains("Delivered"), "{sent}");
    assert!(cell(&page, "Active").contains("Active"), "a viewer reads what others switch");
}

#[test]
fn how_webhooks_are_set_up_is_one_press_away() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let person = site.person("viewer");
    let page = person.get(&site.webhooks()).body;
    assert!(page.contains("href=\"/docs/api#set-up\""), "{page}");
    let docs = person.get("/docs/api").body;
    let guide = between(&docs, "id=\"set-up\"", "</section>").expect("the guide");
    for anchor in guide.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(docs.contains(&format!("id=\"{anchor}\"")), "nothing is called {anchor}");
    }
    for step in ["Add Webhook", "Advanced", "trigger", "signing secret", "Send test event", "Event Logs"] {
        assert!(guide.contains(step), "{step}");
    }
}

#[test]
fn the_webhooks_page_stands_in_the_order_of_its_document() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    site.webhook("Order desk", "https://example.com/h");
    let page = site.person("developer").get(&site.webhooks()).body;
    let parts =
        ["Create Webhooks Link</h2>", "/connect/", "Add Webhook</a>", "Saved Webhooks</h2>", "<table"];
    in_order(&page, &parts);
    let row = between(&page, "<tbody", "</tr>").expect("a row");
    let last = row.rsplit("<td ").next().unwrap();
    assert!(last.contains("/delete\"") && last.contains("#x\""), "the X is the last of the row: {last}");
}

#[test]
fn webhook_details_leads_to_related_pages() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let id = site.webhook("Order desk", "https://example.com/h");
    let viewer = site.person("viewer");
    let page = viewer.get(&site.path(&id)).body;
    let related = between(&page, "Related pages", "</section>").expect("related pages");
    let mut seen = 0;
    for href in related.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert_eq!(viewer.get(href).status, 200, "{href}");
        seen += 1;
    }
    assert!(seen >= 3, "{related}");
}

#[test]
fn the_documentation_has_the_related_resources() {
    let database = TestDatabase::sqlite();
    let docs = Site::open(&database).visitor().get("/docs/api").body;
    for (id, says) in [
        ("authentication", "bearer token"),
        ("payloads-users", "user.created"),
        ("payloads-data", "data.created"),
    ] {
        let part = between(&docs, &format!("id=\"{id}\""), "</section>").expect("a section");
        assert!(part.contains(says), "{id}");
        assert!(docs.contains(&format!("<a href=\"#{id}\">")), "nothing leads to {id}");
    }
}

/// Where the middle of an element lies in the box of another, in hundredths from the left and the top.
async fn place(browser: &Browser, inner: &str, outer: &str) -> WebDriverResult<(i64, i64)> {
    let script = format!(
        "const a = document.querySelector('{inner}').getBoundingClientRect(); \
         const b = document.querySelector('{outer}').getBoundingClientRect(); \
         return [Math.round((a.left + a.width / 2 - b.left) / b.width * 100), \
                 Math.round((a.top + a.height / 2 - b.top) / b.height * 100)]"
    );
    let place: Vec<i64> = browser.window.execute(script, Vec::new()).await?.convert()?;
    Ok((place[0], place[1]))
}

#[test]
fn the_link_is_copied_and_opens_the_webhooks_api() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let email = site.person("developer").email;
    browse(async |browser| {
        site.sign_in(&browser, &email, &site.webhooks()).await?;
        assert!(browser.find("[data-copy-from=cwl] use[href$='#clipboard']").await.is_ok());
        let allowed = json!({"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]});
        browser.window.cdp().send_raw("Browser.grantPermissions", allowed).await?;
        browser.find("[data-copy-from=cwl]").await?.click().await?;
        browser.find("[data-copy-from=cwl][data-copied]").await?;
        let read = "const done = arguments[0]; navigator.clipboard.readText().then(done)";
        let copied: String = browser.window.execute_async(read, Vec::new()).await?.convert()?;
        assert_eq!(Some(&copied), browser.find("#cwl").await?.value().await?.as_ref());
        browser.window.goto(&copied).await?;
        assert_eq!(browser.find("main h1").await?.text().await?, "Webhooks API");
        browser.find("#events summary").await.map(drop)
    });
}

#[test]
fn the_button_that_goes_on_stands_at_the_lower_right() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let email = site.person("developer").email;
    browse(async |browser| {
        site.sign_in(&browser, &email, &format!("{}/new", site.webhooks())).await?;
        let way = [
            ("#w-name", "Order desk", "NEXT"),
            ("#ep0-url", "https://example.com/h", "NEXT"),
            ("#tr0-i", "", "ADD"),
        ];
        for (field, typed, name) in way {
            browser.find(field).await?.send_keys(typed).await?;
            let button = browser.find("#w-next").await?;
            let says = button.prop("textContent").await?.unwrap_or_default();
            assert_eq!(says.trim().to_uppercase(), name);
            let (across, down) = place(&browser, "#w-next", "dialog").await?;
            assert!(across > 80 && down > 80, "{name} stands at {across}, {down}");
            button.click().await?;
        }
        Ok(())
    });
}

#[test]
fn the_x_at_the_far_right_deletes_after_confirm() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let id = site.webhook("Order desk", "https://example.com/h");
    let email = site.person("developer").email;
    browse(async |browser| {
        site.sign_in(&browser, &email, &site.webhooks()).await?;
        browser.find("table.saved td:last-child a").await?.click().await?;
        assert_eq!(
            browser.find("dialog[open] h2").await?.prop("textContent").await?.as_deref(),
            Some("Delete Webhook")
        );
        let confirm = browser.find("dialog[open] button[type=submit]").await?;
        let says = confirm.prop("textContent").await?.unwrap_or_default();
        assert_eq!(says.trim().to_uppercase(), "CONFIRM");
        confirm.click().await?;
        browser.find("#saved .empty").await?;
        browser.window.goto(site.url(&site.path(&id))).await?;
        assert!(browser.find("main h1").await?.text().await?.contains("The wire ends here"));
        Ok(())
    });
}

#[test]
fn a_press_on_anything_in_a_row_opens_webhook_details() {
    let database = TestDatabase::sqlite();
    let (site, receiver) = (Site::open(&database), Receiver::start());
    let body = json!({"name": "Order desk", "description": "For the desk", "url": receiver.url("/in"),
        "events": ["order.completed", "order.refunded"]});
    let id = site.api.post("/webhooks", &body).json()["data"]["id"].as_str().unwrap().to_owned();
    site.publish();
    receiver.wait_for(1, std::time::Duration::from_secs(30));
    let email = site.person("developer").email;
    browse(async |browser| {
        site.sign_in(&browser, &email, &site.webhooks()).await?;
        // Everything but the switch and the X, which do what they show; once the page has faded in.
        let count = browser.window.find_all(By::Css("table.saved tbody td")).await?.len();
        let places = "const done = arguments[0]; \
            document.querySelector('table.saved tbody').scrollIntoView({block: 'center'}); \
            const under = (one) => { const b = one.getBoundingClientRect(); \
              const hit = document.elementFromPoint(b.left + b.width / 2, b.top + b.height / 2); \
              return hit && hit.closest('a') ? hit.closest('a').pathname : `${one.outerHTML} lies under ${hit && hit.cloneNode().outerHTML}`; }; \
            const cells = [...document.querySelectorAll('table.saved tbody td')].slice(0, -2); \
            const all = cells.flatMap((cell) => [cell, ...cell.querySelectorAll(':not(svg *)')]); \
            const look = (left) => { const hit = all.map(under); \
              if (left && hit.some((one) => !one.startsWith('/'))) setTimeout(look, 100, left - 1); \
              else done(hit); }; \
            look(100)";
        let hit: Vec<String> = browser.window.execute_async(places, Vec::new()).await?.convert()?;
        assert!(count == 11 && hit.len() > 15, "{count} cells, {} places", hit.len());
        for one in hit {
            assert_eq!(one, site.path(&id));
        }
        browser.find("table.saved td[data-label=ID] a").await?.click().await?;
        browser.find("#details").await?;
        assert_eq!(browser.window.current_url().await?.path(), site.path(&id));
        Ok(())
    });
}

#[test]
fn apply_changes_stands_at_the_top_right() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    site.webhook("Order desk", "https://example.com/h");
    let email = site.person("developer").email;
    browse(async |browser| {
        site.sign_in(&browser, &email, &format!("/bu/{}/matrix", site.bu)).await?;
        let apply = "button.primary[value=review]";
        assert_eq!(browser.find(apply).await?.text().await?, "Apply Changes");
        let (across, down) = place(&browser, apply, "main").await?;
        assert!(across > 80 && down < 20, "it stands at {across}, {down}");
        Ok(())
    });
}

/// Signs in again as somebody with an e-mail address; where that leads.
fn lands(site: &Site, person: &Person, next: &str) -> String {
    let answer = site.visitor().sign_in(&person.email, super::site::PASSWORD, next);
    assert_eq!(answer.status, 303, "{answer:?}");
    answer.header("location").to_owned()
}

#[test]
fn a_global_partner_comes_to_the_search_and_through_it_to_the_dashboard() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let (own, global) = (site.person("viewer"), site.global_person("viewer"));
    assert_eq!(lands(&site, &own, ""), site.overview());
    assert_eq!(lands(&site, &global, ""), "/partners");
    let page = global.get("/partners?q=kestrel").body;
    let number = between(&page, "name=\"partner\" required value=\"", "\"").expect("a partner");
    in_order(&page, &["name=\"q\"", "name=\"partner\"", "Search</button>"]);
    let opened = global.get(&format!("/partners?q=kestrel&partner={number}"));
    assert_eq!((opened.status, opened.header("location")), (303, dashboard(&site).as_str()));
    let page = global.get(&dashboard(&site)).body;
    assert!(page.contains("You are in <b>Kestrel</b>"), "{page}");
}

fn dashboard(site: &Site) -> String {
    format!("/bu/{}/webhooks", site.bu)
}

#[test]
fn integrations_leads_to_the_webhooks_dashboard() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let page = site.person("viewer").get(&site.overview()).body;
    let group = between(&page, "id=\"nav-integrations\"", "</ul>").expect("the group Integrations");
    in_order(group, &["Integrations</p>", &format!("href=\"{}\"", dashboard(&site)), "Webhooks Dashboard"]);
}

#[test]
fn the_dashboards_address_leads_there_through_signing_in() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let person = site.person("viewer");
    let asked = site.visitor().get(&dashboard(&site));
    let login = format!("/login?next={}", dashboard(&site).replace('/', "%2F"));
    assert_eq!((asked.status, asked.header("location")), (303, login.as_str()));
    assert_eq!(lands(&site, &person, &dashboard(&site)), dashboard(&site));
    let page = person.get(&dashboard(&site)).body;
    in_order(
        &page,
        &["<h1>Webhooks Dashboard</h1>", "Global Webhooks</h2>", "Linked Programme Webhooks</h2>"],
    );
}
