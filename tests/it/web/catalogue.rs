//! The event catalogue: what it shows, and types of one's own.

use super::site::Site;
use crate::support::axe::axe;
use crate::support::browser::{SCREENS, browse, browse_without_scripts};
use crate::support::databases::{TestDatabase, both_databases};
use serde_json::json;
use thirtyfour::prelude::*;

both_databases!(
    a_type_of_ones_own_is_added_offered_changed_and_deleted,
    what_is_wrong_stands_beside_its_field,
    a_viewer_looks_and_other_units_see_no_type_of_ours,
);

fn list(site: &Site) -> String {
    format!("/bu/{}/catalogue", site.bu)
}

fn a_type_of_ones_own_is_added_offered_changed_and_deleted(database: &TestDatabase) {
    let site = Site::open(database);
    let (person, list) = (site.person("developer"), list(&site));
    let page = person.get(&list).body;
    assert!(page.contains("order.completed") && page.contains("Partner only") && !page.contains("Your own"));
    assert!(person.get(&format!("{list}?q=QUOTE")).body.contains("quote.sent"));
    let built_in = person.get(&format!("{list}/order.completed")).body;
    assert!(built_in.contains("Sample of data") && !built_in.contains("/edit"), "{built_in}");

    let token = person.token(&format!("{list}/new"));
    let fields = [
        ("name", "parcel.shipped"),
        ("label", "Parcel <b>shipped</b>"),
        ("description", "It left the house"),
        ("sample", "{\"weight\": 3}"),
        ("schema", "{\"type\": \"object\", \"required\": [\"weight\"]}"),
    ];
    let made = person.send(&format!("{list}/new"), &token, &fields);
    let own = format!("{list}/parcel.shipped");
    assert_eq!((made.status, made.header("location")), (303, own.as_str()), "{made:?}");
    let shown = person.get(&own).body;
    assert!(shown.contains("Parcel &#60;b&#62;shipped") && shown.contains("Your own"), "{shown}");
    assert!(
        person.get(&format!("/bu/{}/matrix", site.bu)).body.contains("parcel.shipped"),
        "it is offered at once"
    );
    let again = person.send(&format!("{list}/new"), &token, &fields);
    assert_eq!(again.status, 409);
    assert!(
        again.body.contains("An event type of this name exists already.") && again.body.contains("It left")
    );

    let form = person.get(&format!("{own}/edit")).body;
    assert!(
        form.contains("&#34;weight&#34;: 3") && form.contains("disabled value=\"parcel.shipped\""),
        "{form}"
    );
    let changed =
        [("name", "evil.name"), ("label", "Shipped"), ("deprecated", "on"), ("sample", "{\"weight\": 4}")];
    assert_eq!(person.send(&format!("{own}/edit"), &token, &changed).status, 303);
    let stored = site.api.get("/event-types/parcel.shipped").json();
    assert_eq!(stored["data"]["deprecated"], true);
    assert_eq!(stored["data"]["schema"], json!(null), "what was emptied is gone");
    assert_eq!(site.api.get("/event-types/evil.name").status, 404);

    let body = json!({"url": "https://example.com/h", "events": ["parcel.shipped"]});
    let webhook = site.api.post("/webhooks", &body).json()["data"]["id"].as_str().unwrap().to_owned();
    let refused = person.send(&format!("{own}/delete"), &token, &[]);
    assert_eq!(refused.status, 409);
    assert!(refused.body.contains("Webhooks want this event type: 1 in all."), "{refused:?}");
    assert_eq!(site.api.delete(&format!("/webhooks/{webhook}")).status, 200);
    assert!(person.get(&format!("{own}/delete")).body.contains("Delete “parcel.shipped”?"));
    let deleted = person.send(&format!("{own}/delete"), &token, &[]);
    assert_eq!((deleted.status, deleted.header("location")), (303, list.as_str()));
    assert_eq!(person.get(&own).status, 404);
}

fn what_is_wrong_stands_beside_its_field(database: &TestDatabase) {
    let site = Site::open(database);
    let (person, path) = (site.person("developer"), format!("{}/new", list(&site)));
    let token = person.token(&path);
    for (field, value, id, sentence) in [
        ("name", "Parcel", "ct-name-err", ""),
        ("sample", "{\"a\": }", "ct-sample-err", "This is not JSON: line 1, column 7."),
        ("sample", "[1]", "ct-sample-err", ""),
        ("schema", "{\"type\": 7}", "ct-schema-err", ""),
        ("label", &"x".repeat(101), "ct-label-err", ""),
    ] {
        let good = [("name", "parcel.shipped"), ("description", "kept")];
        let fields: Vec<_> =
            good.into_iter().filter(|(name, _)| *name != field).chain([(field, value)]).collect();
        let refused = person.send(&path, &token, &fields);
        assert_eq!(refused.status, 422, "{field}");
        assert!(
            refused.body.contains(&format!("id=\"{id}\"")) && refused.body.contains(sentence),
            "{refused:?}"
        );
        assert!(
            refused.body.contains(">kept</textarea>")
                && refused.body.contains("<title>Error: Add event type")
        );
        assert_eq!(refused.body.matches(" autofocus").count(), 1, "{field}");
    }
    assert_eq!(site.api.get("/event-types/parcel.shipped").status, 404);
}

fn a_viewer_looks_and_other_units_see_no_type_of_ours(database: &TestDatabase) {
    let site = Site::open(database);
    let (viewer, list) = (site.person("viewer"), list(&site));
    let body = json!({"name": "parcel.shipped", "description": "It left"});
    for api in [&site.api, &site.other_api] {
        assert_eq!(api.post("/event-types", &body).status, 201);
    }
    assert_eq!(
        site.other_api.post("/event-types", &json!({"name": "secret.thing", "description": ""})).status,
        201
    );
    let page = viewer.get(&list).body;
    assert!(
        page.contains("parcel.shipped") && !page.contains("secret.thing") && !page.contains("Add event type")
    );
    let token = viewer.token(&site.webhooks());
    for path in ["new", "parcel.shipped/edit", "parcel.shipped/delete"] {
        let at = format!("{list}/{path}");
        assert_eq!((viewer.get(&at).status, viewer.send(&at, &token, &[]).status), (403, 403), "{path}");
    }
    let person = site.person("developer");
    let token = person.token(&format!("{list}/new"));
    for path in ["secret.thing", "secret.thing/edit", "no.thing/delete", "order.completed/edit", "%00"] {
        assert_eq!(person.get(&format!("{list}/{path}")).status, 404, "{path}");
    }
    for path in ["secret.thing/delete", "order.completed/delete", "order.completed/edit"] {
        assert_eq!(person.send(&format!("{list}/{path}"), &token, &[("label", "x")]).status, 404, "{path}");
    }
    assert_eq!(site.other_api.get("/event-types/secret.thing").status, 200);
}

#[test]
fn a_type_is_added_and_deleted_in_a_browser() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let email = site.person("developer").email;
    browse(async |browser| {
        site.sign_in(&browser, &email, &list(&site)).await?;
        browser.find("a.btn.primary").await?.click().await?;
        browser.find("#ct-name").await?.send_keys("parcel.shipped").await?;
        browser.find("#ct-sample").await?.send_keys("{\"weight\": ").await?;
        browser.find(".page-head button").await?.click().await?;
        browser.find("#ct-sample[aria-invalid]").await?;
        assert_eq!(browser.focused().await?, "ct-sample", "the focus goes to what is wrong");
        axe(&browser, "what is wrong").await?;
        browser.find("#ct-sample").await?.clear().await?;
        browser.find("#ct-sample").await?.send_keys("{\"weight\": 3}").await?;
        browser.find(".page-head button").await?.click().await?;
        browser.find("a.danger-soft").await?;
        for (width, height) in SCREENS {
            browser.resize(width, height).await?;
            for dark in [false, true] {
                browser.darken(dark).await?;
                for path in ["", "/new", "/parcel.shipped", "/parcel.shipped/edit", "/parcel.shipped/delete"]
                {
                    browser.window.goto(site.url(&format!("{}{path}", list(&site)))).await?;
                    assert_eq!(browser.overflow().await?, 0, "{path} at {width}");
                    axe(&browser, &format!("{path} at {width}, dark {dark}")).await?;
                }
            }
        }
        browser.resize(1280, 800).await?;
        browser.window.goto(site.url(&format!("{}/parcel.shipped", list(&site)))).await?;
        browser.find("a.danger-soft").await?.click().await?;
        browser.find("dialog button.danger").await?.click().await?;
        browser
            .window
            .query(By::XPath("//*[@id='toasts'][contains(., 'Event type deleted')]"))
            .first()
            .await?;
        browser.assert_quiet().await
    });
}

#[test]
fn a_type_is_changed_without_scripts() {
    let database = TestDatabase::sqlite();
    let site = Site::open(&database);
    let email = site.person("developer").email;
    let body = json!({"name": "parcel.shipped", "description": "It left"});
    assert_eq!(site.api.post("/event-types", &body).status, 201);
    browse_without_scripts(async |browser| {
        site.sign_in(&browser, &email, &format!("{}?q=parcel", list(&site))).await?;
        browser.find(".ctype .name").await?.click().await?;
        browser.find("a.btn.primary[href$='/edit']").await?.click().await?;
        browser.find("#ct-description").await?.send_keys(" the house").await?;
        browser.find(".page-head button").await?.click().await?;
        browser.window.query(By::XPath("//main[contains(., 'It left the house')]")).first().await?;
        browser.find("a.danger-soft").await?.click().await?;
        browser.find("dialog button.danger").await?.click().await?;
        browser.find("#types").await.map(drop)
    });
}
