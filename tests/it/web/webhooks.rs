//! The Webhooks tab: what it shows, who may switch and delete, and that other units do not exist.

use super::site::Site;
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::send;
use reqwest::Method;

both_databases!(
    a_webhook_made_through_the_api_is_listed_as_text,
    the_list_is_searched_filtered_and_paged,
    a_switch_switches_and_says_so_once,
    deleting_asks_first_and_is_final,
    a_viewer_sees_but_changes_nothing,
    another_units_pages_do_not_exist,
);

fn a_webhook_made_through_the_api_is_listed_as_text(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("viewer");
    assert!(person.get(&site.webhooks()).body.contains("Nothing is wired up yet"));
    let id = site.webhook("<b hx-get=\"/logout\" hx-trigger=load>x</b>", "https://example.com/h?a='\"><i>");
    let page = person.get(&site.webhooks());
    assert!(page.body.contains(&id) && page.body.contains("order.completed"));
    assert!(page.body.contains("&#60;b hx-get=&#34;/logout&#34; hx-trigger=load&#62;x&#60;/b&#62;"));
    assert!(!page.body.contains("<b hx-get") && !page.body.contains("<i>"));
}

fn the_list_is_searched_filtered_and_paged(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("developer");
    let ids: Vec<_> = (0..27)
        .map(|n| site.webhook(&format!("Émile {n:02}"), &format!("https://host-{n}.example.com/h")))
        .collect();
    let rows = |query: &str| {
        let page = person.get(&format!("{}{query}", site.webhooks())).body;
        let shown = ids.iter().enumerate().filter(|(_, id)| page.contains(&format!("title=\"{id}\"")));
        shown.map(|(n, _)| n).collect::<Vec<_>>()
    };
    assert_eq!(rows(""), (2..27).collect::<Vec<_>>(), "the newest 25");
    assert_eq!(rows(&format!("?after={}", ids[2])), [0, 1]);
    assert_eq!(rows("?q=EMILE+03"), [3], "whatever case and accents");
    assert_eq!(rows("?q=host-14.example"), [14]);
    assert_eq!(rows(&format!("?q={}", ids[5])), [5]);
    assert_eq!(rows("?q=%25"), Vec::<usize>::new());
    assert_eq!(rows("?q=emile+1&status=inactive"), Vec::<usize>::new());
    assert_eq!(rows("?status=failing"), Vec::<usize>::new());
    assert_eq!(rows(&format!("?before={}", ids[1])), (2..27).collect::<Vec<_>>(), "back to the first page");
    assert_eq!(rows(&format!("?before={}", ids[0])), (1..26).collect::<Vec<_>>(), "or to the one before");
    let back = person.get(&format!("{}?after={}", site.webhooks(), ids[2])).body;
    assert!(back.contains(&format!("?before={}", ids[1])), "{back}");
    let one = serde_json::json!({"triggers": [{"event": "user.created"}]});
    assert_eq!(site.api.put(&format!("/webhooks/{}", ids[7]), &one).status, 200);
    assert_eq!(rows("?type=user.created"), [7]);
    assert_eq!(rows("?type=user.created&q=emile+08"), Vec::<usize>::new());
    assert_eq!(rows("?type=moon.landed"), Vec::<usize>::new());
    let team = "team_01m7xr0hxzej8sv3z6fsjy47ak";
    let values = format!("VALUES ('{team}', '{}', 'EMEA', 1)", site.bu);
    database.execute(&format!("INSERT INTO teams (id, bu_id, name, created_at) {values}"));
    assert_eq!(
        site.api.put(&format!("/webhooks/{}", ids[9]), &serde_json::json!({"for_team": team})).status,
        200
    );
    assert_eq!(rows(&format!("?team={team}")), [9]);
    let page = person.get(&site.webhooks()).body;
    let login: i64 = super::site::between(&page, "/connect/", "\"").unwrap().parse().unwrap();
    assert_eq!(
        site.api.put(&format!("/webhooks/{}", ids[11]), &serde_json::json!({"for_login": login})).status,
        200
    );
    assert_eq!(rows(&format!("?login={login}")), [11]);
    assert_eq!(rows("?login=99999"), Vec::<usize>::new());
    assert_eq!(rows("?login=me"), Vec::<usize>::new());
    let pause = format!("/webhooks/{}", ids[4]);
    site.api.put(&pause, &serde_json::json!({"status": "inactive"}));
    assert_eq!(rows("?status=inactive"), [4]);

    let fragment = send(person.request(Method::GET, &site.webhooks()).header("hx-request", "true"));
    assert!(
        fragment.body.trim_start().starts_with("<div class=\"bordered\" id=\"saved\">"),
        "{}",
        fragment.body
    );
}

fn a_switch_switches_and_says_so_once(database: &TestDatabase) {
    let site = Site::open(database);
    let id = site.webhook("Order desk", "https://example.com/h");
    let person = site.person("developer");
    let (token, one) = (person.token(&site.webhooks()), format!("{}/{id}", site.webhooks()));
    let status = || site.api.get(&format!("/webhooks/{id}")).json()["data"]["status"].clone();
    for (act, becomes, says) in
        [("pause", "inactive", "Webhook inactive"), ("resume", "active", "Webhook active")]
    {
        let done =
            person.send(&format!("{one}/{act}"), &token, &[("q", "desk"), ("status", ""), ("after", "")]);
        let to = format!("{}?q=desk", site.webhooks());
        assert_eq!((done.status, done.header("location")), (303, to.as_str()));
        assert_eq!(status(), becomes);
        assert!(person.get(&to).body.contains(says), "told");
        assert!(!person.get(&to).body.contains(says), "once");
    }
    let by_htmx = person.form(&format!("{one}/pause"), "", &[]).header("x-csrf-token", &token);
    let done = send(by_htmx.header("sec-fetch-site", "same-origin").header("hx-request", "true"));
    assert_eq!(done.status, 303);
    assert_eq!(status(), "inactive");
    assert!(!person.get(&site.webhooks()).body.contains("Webhook inactive"), "the list showed it already");
}

fn deleting_asks_first_and_is_final(database: &TestDatabase) {
    let site = Site::open(database);
    let id = site.webhook("Order desk", "https://example.com/h");
    let person = site.person("developer");
    let path = format!("{}/{id}/delete", site.webhooks());
    let asked = person.get(&path).body;
    assert!(asked.contains("Order desk") && asked.contains("example.com/h") && asked.contains("Confirm"));
    assert_eq!(site.api.get(&format!("/webhooks/{id}")).status, 200);
    let done = person.send(&path, &person.token(&path), &[]);
    assert_eq!((done.status, done.header("location")), (303, site.webhooks().as_str()));
    assert!(person.get(&site.webhooks()).body.contains("Webhook deleted"));
    assert_eq!(site.api.get(&format!("/webhooks/{id}")).status, 404);
    assert_eq!(person.get(&path).status, 404);
}

fn a_viewer_sees_but_changes_nothing(database: &TestDatabase) {
    let site = Site::open(database);
    let id = site.webhook("Order desk", "https://example.com/h");
    let person = site.person("viewer");
    let page = person.get(&site.webhooks()).body;
    assert!(page.contains("Order desk") && !page.contains("/pause") && !page.contains("/delete"));
    let token = person.token(&site.webhooks());
    for act in ["pause", "resume", "delete"] {
        let refused = person.send(&format!("{}/{id}/{act}", site.webhooks()), &token, &[]);
        assert_eq!(refused.status, 403, "{act}");
        assert!(refused.body.contains("You do not have permission") && refused.body.contains("Your role"));
    }
    assert_eq!(person.get(&format!("{}/{id}/delete", site.webhooks())).status, 403);
    assert_eq!(site.api.get(&format!("/webhooks/{id}")).json()["data"]["status"], "active");
}

fn another_units_pages_do_not_exist(database: &TestDatabase) {
    let site = Site::open(database);
    let (theirs, unknown) = (site.other_webhook(), "wh_01m7xr0hxzej8sv3z6fsjy47ak");
    let person = site.person("owner");
    let token = person.token(&site.webhooks());
    let (ours, other) = (format!("/bu/{}", site.bu), format!("/bu/{}", site.other_bu));
    let missing = person.get("/bu/bu_01m7xr05zweb699y85mgpzk6pa/logs").body;
    // Inside one's own unit the page has the unit around it, whatever it is that is not there.
    let missing_here = person.get(&format!("{ours}/admin/webhooks/{unknown}/delete")).body;
    assert!(missing.contains("The wire ends here") && missing_here.contains("The wire ends here"));
    let missing = |path: &str| if path.starts_with(&ours) { &missing_here } else { &missing };
    for path in [
        other.clone(),
        format!("{other}/admin/webhooks"),
        format!("{other}/admin/webhooks/{theirs}/delete"),
        format!("{other}/logs"),
        format!("{ours}/admin/webhooks/{theirs}/delete"),
        format!("{ours}/admin/webhooks/{unknown}/delete"),
        format!("{ours}/admin/webhooks/nonsense/delete"),
        format!("{ours}/logs?webhook={theirs}"),
        format!("{ours}/logs?webhook={unknown}"),
        format!("{ours}/logs/evt_01m7xr0hzjekka2g7a2ecn5a4j"),
        "/bu/nonsense/logs".to_owned(),
    ] {
        let answer = person.get(&path);
        assert_eq!((answer.status, &answer.body), (404, missing(&path)), "{path}");
    }
    for unit in [&ours, &other] {
        for act in ["pause", "resume", "delete"] {
            let answer = person.send(&format!("{unit}/admin/webhooks/{theirs}/{act}"), &token, &[]);
            assert_eq!((answer.status, &answer.body), (404, missing(unit)), "{unit} {act}");
        }
    }
    assert_eq!(site.other_api.get(&format!("/webhooks/{theirs}")).json()["data"]["status"], "active");
}
