//! The operator's pages: nothing for everybody else, and for operators the partners of the installation.

use super::site::{PASSWORD, Person, Site, between, until};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::Answer;
use bellwire::web::mount::table;
use reqwest::Method;
use serde_json::json;

both_databases!(
    whoever_is_no_operator_finds_nothing_there_and_is_written_down,
    a_partner_is_made_with_its_unit_and_its_first_owner,
    a_global_partner_gets_units_and_loses_them,
    api_access_is_taken_and_given_with_what_that_does,
    partners_are_found_by_number_and_name_and_paged,
    a_partner_gets_another_name_and_more_owners,
    an_old_sign_in_is_renewed_before_a_partner_is_changed,
);

const PARTNERS: &str = "/operator/partners";

/// The number of a partner.
fn number(database: &TestDatabase, name: &str) -> i64 {
    let sql = format!("SELECT CAST(id AS TEXT) AS line FROM partners WHERE name = '{name}'");
    database.lines(&sql).remove(0).parse().unwrap()
}

/// An owner of the first partner, which operates the installation.
fn operator(database: &TestDatabase, site: &Site) -> Person {
    let number = number(database, "Kestrel").to_string();
    site.run(&["partner", "operator", "--partner", &number, "--operates", "on"]).success();
    site.person("owner")
}

/// Sends a form, again when that was too fast.
fn send(person: &Person, path: &str, fields: &[(&str, &str)]) -> Answer {
    let token = person.token("/account");
    until(|| Some(person.send(path, &token, fields)).filter(|answer| answer.status != 429))
}

/// The same for a change that leads on to a page; how many audit rows it left, but for those of denials.
fn done(database: &TestDatabase, person: &Person, path: &str, fields: &[(&str, &str)]) -> usize {
    let before = rows(database, "%").len();
    let answer = send(person, path, fields);
    assert_eq!(answer.status, 303, "{path} {fields:?}: {answer:?}");
    assert!(answer.header("location").starts_with(PARTNERS), "{path}: {answer:?}");
    rows(database, "%").len() - before
}

/// What the audit log says of actions like this one: the action, the target, what was and what became.
fn rows(database: &TestDatabase, action: &str) -> Vec<String> {
    database.lines(&format!(
        "SELECT action || ' ' || target_id || ' ' || COALESCE(before, '') || COALESCE(after, '') AS line \
         FROM audit WHERE action LIKE '{action}' AND action <> 'access.denied' ORDER BY seq"
    ))
}

/// The link that an answer shows, as a path.
fn link(site: &Site, answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    let shown = between(&answer.body, "id=\"owner-link\" class=\"break\">", "<").expect("a link");
    shown.strip_prefix(&site.url("")).unwrap_or(shown).to_owned()
}

fn whoever_is_no_operator_finds_nothing_there_and_is_written_down(database: &TestDatabase) {
    let site = Site::open(database);
    let (owner, admin, other) = (site.person("owner"), site.person("admin"), site.other_person("owner"));
    let global = site.global_person("owner");
    let ours = number(database, "Kestrel").to_string();
    let paths: Vec<_> = table().into_iter().filter(|(_, path)| path.starts_with("/operator")).collect();
    assert!(paths.len() > 10, "{paths:?}");
    let before = database.digest();
    for person in [&owner, &admin, &other, &global] {
        for (method, path) in &paths {
            let path = path.replace("{number}", &ours).replace("{of}", &ours);
            let path = path.replace("{usr}", "usr_00000000000000000000000001");
            let answer = match method.as_str() {
                "POST" => send(person, &path, &[("name", "Mine"), ("kind", "global"), ("all", "on")]),
                "HEAD" => crate::support::http::send(person.request(Method::HEAD, &path)),
                _ => person.get(&path),
            };
            assert_eq!(answer.status, 404, "{} {method} {path}: {answer:?}", person.email);
        }
        assert!(!person.get("/account").body.contains(PARTNERS), "{}", person.email);
    }
    database.assert_unchanged(&before, "what is the operator's");
    assert_eq!(site.visitor().get(PARTNERS).header("location"), "/login?next=%2Foperator%2Fpartners");
    let denied = until(|| {
        let rows = database.lines(
            "SELECT target_id || ' ' || COALESCE(bu_id, '-') AS line FROM audit WHERE action = 'access.denied'",
        );
        let wanted = "GET /operator/partners -".to_owned();
        (rows.iter().filter(|row| **row == wanted).count() >= 4).then_some(rows)
    });
    assert!(denied.iter().all(|row| row.ends_with(" -")), "none of it is told to a unit: {denied:?}");

    site.run(&["partner", "operator", "--partner", &ours, "--operates", "on"]).success();
    assert_eq!(owner.get(PARTNERS).status, 200, "at once");
    assert!(owner.get("/account").body.contains(PARTNERS), "the menu leads there");
    assert!(owner.get(&site.overview()).body.contains(PARTNERS));
    for person in [&admin, &other, &global] {
        assert_eq!(person.get(PARTNERS).status, 404, "{}", person.email);
    }
    site.run(&["partner", "operator", "--partner", &ours, "--operates", "off"]).success();
    assert_eq!(owner.get(PARTNERS).status, 404, "at once");
    let told = rows(database, "partner.operator_changed");
    assert_eq!(told.len(), 2, "{told:?}");
}

fn a_partner_is_made_with_its_unit_and_its_first_owner(database: &TestDatabase) {
    let site = Site::open(database);
    let operator = operator(database, &site);
    let new = format!("{PARTNERS}/new");
    assert!(operator.get(&new).body.contains("First owner"));
    let before = database.digest();
    let ours = number(database, "Kestrel").to_string();
    let good = [
        ("name", "Rivermark <b>"),
        ("kind", "channel"),
        ("id", "40404"),
        ("owner_name", "Ida Stone"),
        ("owner_email", "ida@rivermark.example"),
    ];
    for (field, value, told) in [
        ("name", " ", "name-err"),
        ("id", "x", "has 1 to 12 digits"),
        ("id", ours.as_str(), "exists already"),
        ("owner_name", "", "owner_name-err"),
        ("owner_email", "nobody", "owner_email-err"),
        ("owner_email", operator.email.as_str(), "owner_email-err"),
    ] {
        let fields = good.map(|(name, good)| (name, if name == field { value } else { good }));
        let answer = send(&operator, &new, &fields);
        assert_eq!(answer.status, 422, "{field}={value}: {answer:?}");
        assert!(answer.body.contains(told) && answer.body.contains("<title>Error: "), "{field}={value}");
        assert!(field == "name" || answer.body.contains("Rivermark &#60;b&#62;"), "what was typed stays");
    }
    database.assert_unchanged(&before, "what was refused");

    let made = send(&operator, &new, &good);
    let link = link(&site, &made);
    assert_eq!(made.header("cache-control"), "no-store");
    let page = format!("{PARTNERS}/40404");
    assert!(!operator.get(&page).body.contains(&link), "shown once");
    let bu = database.lines("SELECT id AS line FROM business_units WHERE partner_id = 40404").remove(0);
    assert_eq!(rows(database, "partner.created").pop().unwrap().split(' ').nth(1), Some("40404"));
    let by = database.lines(
        "SELECT actor_kind || ' ' || bu_id AS line FROM audit WHERE action IN ('partner.created', 'user.created') \
         AND actor_kind = 'user'",
    );
    assert_eq!(by, [format!("user {bu}"), format!("user {bu}")], "both by the operator, in the new unit");
    let ida = site.visitor();
    let inside = ida.choose_password(&link);
    assert_eq!((inside.status, inside.header("location")), (303, format!("/bu/{bu}").as_str()));
    assert_eq!(ida.get(&format!("/bu/{bu}/admin/users")).status, 200);
    let used = site.visitor().get(&link);
    assert!(!used.body.contains("Ida Stone"), "it opens once: {used:?}");

    let global =
        [("name", "Atlas"), ("kind", "global"), ("owner_name", "Bo"), ("owner_email", "bo@a.example")];
    assert_eq!(send(&operator, &new, &global).status, 200);
    let number = number(database, "Atlas");
    assert_eq!(
        database.lines(&format!("SELECT id AS line FROM business_units WHERE partner_id = {number}")),
        Vec::<String>::new()
    );
}

fn a_global_partner_gets_units_and_loses_them(database: &TestDatabase) {
    let site = Site::open(database);
    let operator = operator(database, &site);
    let (person, atlas) = site.global("developer");
    let (ours, theirs) = (number(database, "Kestrel"), number(database, "Globex"));
    let page = format!("{PARTNERS}/{atlas}");
    let other = format!("/bu/{}/webhooks", site.other_bu);
    let opens = |path: &str| person.get(path).status == 200;
    assert!(opens(&site.inside("/webhooks")) && !opens(&other));

    for units in ["", " ,; ", &format!("{theirs}, 999999"), "x", &atlas.to_string(), &"1,".repeat(501)] {
        let refused = send(&operator, &format!("{page}/grants"), &[("units", units)]);
        assert_eq!(refused.status, 422, "{units}: {refused:?}");
        assert!(refused.body.contains("units-err"), "{units}");
    }
    assert!(!opens(&other), "all of them or none");
    let both = format!("{ours}, {theirs}");
    assert_eq!(done(database, &operator, &format!("{page}/grants"), &[("units", &both)]), 1, "the new one");
    assert!(opens(&other));
    let shown = operator.get(&page).body;
    assert!(shown.contains("2 units granted one by one") && shown.contains("Globex"), "{shown}");

    let withdraw = format!("{page}/grants/{theirs}/withdraw");
    assert_eq!(done(database, &operator, &withdraw, &[]), 1);
    assert!(!opens(&other), "from the next request on");
    assert_eq!(done(database, &operator, &withdraw, &[]), 0, "twice changes nothing");
    assert_eq!(done(database, &operator, &format!("{page}/grants/all"), &[("all", "on")]), 1);
    assert!(opens(&other));
    assert!(operator.get(&page).body.contains("Withdraw all"));
    assert_eq!(done(database, &operator, &format!("{page}/grants/all"), &[("all", "off")]), 1);
    assert!(!opens(&other) && opens(&site.inside("/webhooks")), "what was granted by itself stays");

    let channel = send(&operator, &format!("{PARTNERS}/{ours}/grants/all"), &[("all", "on")]);
    assert_eq!(channel.status, 409, "{channel:?}");
}

fn api_access_is_taken_and_given_with_what_that_does(database: &TestDatabase) {
    let site = Site::open(database);
    let operator = operator(database, &site);
    let theirs = number(database, "Globex");
    let body = json!({"name": "Desk", "url": "https://example.com/h", "events": ["order.completed"]});
    let alarm = site.other_api.post("/webhooks", &body).json()["data"]["id"].as_str().unwrap().to_owned();
    let stopped = json!({"name": "Off", "url": "https://example.com/off", "events": ["order.completed"], "status": "inactive"});
    let off = site.other_api.post("/webhooks", &stopped).json()["data"]["id"].as_str().unwrap().to_owned();
    let plan = format!("{PARTNERS}/{theirs}/plan");
    let asked = operator.get(&plan).body;
    assert!(asked.contains("no_api_access") && asked.contains("Nothing is deleted"), "{asked}");

    assert_eq!(done(database, &operator, &plan, &[("api_access", "off")]), 1);
    let refused = site.other_api.get("/me");
    assert_eq!(refused.status, 403, "{refused:?}");
    let state = |webhook: &str| {
        let sql = format!(
            "SELECT status || ' ' || COALESCE(inactive_reason, '-') AS line FROM webhooks WHERE id = '{webhook}'"
        );
        database.lines(&sql).remove(0)
    };
    assert_eq!((state(&alarm), state(&off)), ("inactive no_api_access".into(), "inactive user".into()));
    assert_eq!(done(database, &operator, &plan, &[("api_access", "off")]), 0, "twice changes nothing");
    let asked = operator.get(&plan).body;
    assert!(asked.contains("Give API access to “Globex”?"), "{asked}");

    assert_eq!(done(database, &operator, &plan, &[("api_access", "on")]), 1);
    assert_eq!((state(&alarm), state(&off)), ("active -".into(), "inactive user".into()));
    let feed = site.other_api.get("/events?after=oldest&limit=100").json();
    let told: Vec<_> = feed["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["data"]["id"] == alarm.as_str())
        .map(|event| {
            let reason = event["data"]["inactive_reason"].as_str().unwrap_or("-");
            format!("{} {reason}", event["type"].as_str().unwrap())
        })
        .collect();
    assert_eq!(told, ["webhook.created -", "webhook.disabled no_api_access", "webhook.updated -"]);
    let told = rows(database, "partner.api_access_changed");
    assert_eq!(told.len(), 2, "{told:?}");
}

fn partners_are_found_by_number_and_name_and_paged(database: &TestDatabase) {
    let site = Site::open(database);
    let operator = operator(database, &site);
    database.execute(
        "WITH RECURSIVE n(i) AS (SELECT 70001 UNION ALL SELECT i + 1 FROM n WHERE i < 73000) \
         INSERT INTO partners (id, name, name_folded, kind, grants_all, created_at) \
         SELECT i, 'Zulu ' || i, 'zulu ' || i, 'channel', FALSE, 0 FROM n",
    );
    let numbers = |query: &str| -> Vec<i64> {
        let page = operator.get(&format!("{PARTNERS}{query}"));
        assert_eq!(page.status, 200, "{query}: {page:?}");
        let found = page.body.split("data-label=\"ID\"><code>").skip(1);
        found.map(|rest| rest.split('<').next().unwrap().parse().unwrap()).collect()
    };
    assert_eq!(numbers("?q=zulu"), (70_001..70_026).collect::<Vec<_>>());
    assert_eq!(numbers("?q=zulu&after=70025"), (70_026..70_051).collect::<Vec<_>>());
    assert!(operator.get(&format!("{PARTNERS}?q=zulu")).body.contains("q=zulu&#38;after=70025"));
    assert_eq!(numbers("?q=zulu&after=72990"), (72_991..73_001).collect::<Vec<_>>());
    assert_eq!(numbers("?q=7200").len(), 10, "those that begin with it");
    assert_eq!(numbers("?q=ULU+71999"), [71_999]);
    assert_eq!(numbers("?q=kestrel"), [number(database, "Kestrel")]);
    for none in ["?q=nowhere", "?q=%00%25%27", "?after=999999999"] {
        assert_eq!(numbers(none), Vec::<i64>::new(), "{none}");
    }
    assert_eq!(numbers("?after=x").len(), 25);
    assert_eq!(operator.get(&format!("{PARTNERS}/999999")).status, 404);
    assert_eq!(operator.get(&format!("{PARTNERS}/x")).status, 404);
}

fn a_partner_gets_another_name_and_more_owners(database: &TestDatabase) {
    let site = Site::open(database);
    let operator = operator(database, &site);
    let theirs = number(database, "Globex");
    let page = format!("{PARTNERS}/{theirs}");
    let refused = send(&operator, &format!("{page}/name"), &[("name", "")]);
    assert!(refused.status == 422 && refused.body.contains("name-err"), "{refused:?}");
    assert_eq!(done(database, &operator, &format!("{page}/name"), &[("name", "Globex & Söhne")]), 1);
    assert_eq!(done(database, &operator, &format!("{page}/name"), &[("name", "Globex & Söhne")]), 0);
    let unit = format!("SELECT name AS line FROM business_units WHERE partner_id = {theirs}");
    assert_eq!(database.lines(&unit), ["Globex & Söhne"]);
    assert!(operator.get(&format!("{PARTNERS}?q=sohne")).body.contains("Globex &#38; Söhne"));

    let owners = format!("{page}/owners");
    let bad = send(&operator, &owners, &[("owner_name", "Cy"), ("owner_email", "cy")]);
    assert!(bad.status == 422 && bad.body.contains("owner_email-err"), "{bad:?}");
    let fields = [("owner_name", "Cy"), ("owner_email", "cy@globex.example")];
    let first = link(&site, &send(&operator, &owners, &fields));
    let id = database.lines("SELECT id AS line FROM users WHERE email = 'cy@globex.example'").remove(0);
    assert!(operator.get(&page).body.contains("Invited"));
    let again = format!("{owners}/{id}/link");
    let second = link(&site, &send(&operator, &again, &[]));
    database.execute(&format!("UPDATE users SET disabled_at = 1 WHERE id = '{id}'"));
    let off = send(&operator, &again, &[]);
    assert!(off.status == 409 && off.body.contains("Switch it on first"), "{off:?}");
    database.execute(&format!("UPDATE users SET disabled_at = NULL WHERE id = '{id}'"));
    assert!(!site.visitor().get(&first).body.contains("Cy"), "the first link opens no more");
    assert_eq!(site.visitor().choose_password(&second).status, 303);
    assert_eq!(send(&operator, &again, &[]).status, 409, "there is a password now");
    assert_eq!(send(&operator, &format!("{PARTNERS}/10001/owners/{id}/link"), &[]).status, 404);
    assert_eq!(site.visitor().sign_in("cy@globex.example", PASSWORD, "").status, 303);

    assert_eq!(done(database, &operator, &format!("{page}/second-factor"), &[("required", "on")]), 1);
    assert!(operator.get(&page).body.contains("Every login of this partner needs one."));
    assert_eq!(done(database, &operator, &format!("{page}/second-factor"), &[("required", "off")]), 1);
}

fn an_old_sign_in_is_renewed_before_a_partner_is_changed(database: &TestDatabase) {
    let site = Site::open(database);
    let operator = operator(database, &site);
    let page = format!("{PARTNERS}/{}", number(database, "Globex"));
    let token = operator.token("/account");
    database.execute("UPDATE sessions SET reauth_at = 1");
    let before = database.digest();
    for path in [format!("{PARTNERS}/new"), format!("{page}/plan")] {
        assert!(operator.get(&path).header("location").starts_with("/confirm?next="), "{path}");
    }
    let shown = operator.get(&page);
    assert!(shown.status == 200 && shown.body.contains("Changes need a fresh sign-in."), "{shown:?}");
    for (path, field) in [
        ("name", ("name", "Other")),
        ("grants", ("units", "10001")),
        ("grants/all", ("all", "on")),
        ("grants/10001/withdraw", ("all", "on")),
        ("owners", ("owner_name", "Cy")),
        ("second-factor", ("required", "on")),
    ] {
        let fields = [field, ("owner_email", "cy@globex.example")];
        let answer = until(|| {
            Some(operator.send(&format!("{page}/{path}"), &token, &fields)).filter(|a| a.status != 429)
        });
        let to = answer.header("location").to_owned();
        assert!(answer.status == 303 && to.starts_with("/confirm?next=%2Foperator"), "{path}: {answer:?}");
    }
    let made = operator.send(&format!("{PARTNERS}/new"), &token, &[("name", "X"), ("kind", "global")]);
    assert_eq!(made.status, 401, "{made:?}");
    database.assert_unchanged(&before, "an old sign-in");
}
