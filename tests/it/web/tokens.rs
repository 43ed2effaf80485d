//! The API tab without scripts: what it shows, who may make, rotate, narrow and delete, and the one showing of a secret.

use super::site::{PASSWORD, Person, Site, between};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::{Answer, send};
use reqwest::Method;
use reqwest::header::COOKIE;

both_databases!(
    a_secret_is_in_the_answer_that_made_it_and_nowhere_else,
    a_form_that_is_sent_again_makes_no_second_token,
    what_is_wrong_with_a_token_is_told_beside_it,
    a_token_is_rotated_with_an_overlap,
    a_token_is_narrowed_to_what_it_uses,
    deleting_says_what_breaks_and_works_at_once,
    an_old_sign_in_is_renewed_before_a_secret_is_shown,
    a_viewer_sees_tokens_and_changes_none,
    without_api_access_the_page_says_so,
    tokens_are_filtered_and_paged,
    tokens_of_another_unit_do_not_exist,
);

const DAY_US: i64 = 86_400_000_000;

fn form_id(page: &str) -> String {
    between(page, "name=\"form_id\" value=\"", "\"").expect("a form with an id").to_owned()
}

fn new(site: &Site) -> String {
    format!("{}/tokens/new", site.tokens())
}

/// Sends the form as it stands on the page.
fn send_new(site: &Site, person: &Person, fields: &[(&str, &str)]) -> Answer {
    let page = person.get(&new(site));
    let id = form_id(&page.body);
    let token = between(&page.body, r#"name="csrf" value=""#, "\"").unwrap().to_owned();
    person.send(&new(site), &token, &[fields, &[("form_id", id.as_str())]].concat())
}

/// Makes a token; its secret and its id.
fn made(site: &Site, person: &Person, name: &str, scopes: &[&str]) -> (String, String) {
    let scopes = scopes.iter().map(|scope| ("scopes", *scope));
    let fields: Vec<_> = [("name", name), ("expires", "")].into_iter().chain(scopes).collect();
    let answer = send_new(site, person, &fields);
    assert_eq!(answer.status, 200, "{answer:?}");
    (secret(&answer.body), id_of(site, name))
}

fn secret(page: &str) -> String {
    let secret = between(page, "<output id=\"token-secret\" class=\"break\">", "<").expect("a secret");
    assert!(secret.starts_with("bwl_") && secret.len() == 48, "{secret}");
    secret.to_owned()
}

fn id_of(site: &Site, name: &str) -> String {
    let all = site.api.get("/tokens?limit=100").json();
    let all = all["data"].as_array().expect("tokens").clone();
    let one = all.iter().find(|token| token["name"] == name).expect("a token of this name");
    one["id"].as_str().expect("an id").to_owned()
}

fn a_secret_is_in_the_answer_that_made_it_and_nowhere_else(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("developer");
    let page = person.get(&site.tokens()).body;
    assert!(page.contains(&format!("value=\"{}\"", site.url("/api/v1"))) && page.contains("View API Docs"));
    let form = person.get(&new(&site)).body;
    assert!(!form.contains(" checked"), "nothing is preselected");
    assert!(form.contains("Create, change and delete webhooks, and rotate their secrets."));

    let fields =
        [("name", "Shop <b>"), ("expires", "30"), ("scopes", "events:write"), ("scopes", "webhooks:read")];
    let answer = send_new(&site, &person, &fields);
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"));
    let secret = secret(&answer.body);
    assert_eq!(answer.body.matches(&secret).count(), 1, "once, and not in the command to try");
    assert!(answer.body.contains("Copy the token for “Shop &#60;b&#62;” now"));
    assert!(answer.body.contains("$BELLWIRE_TOKEN") && answer.body.contains("/api/v1/webhooks"));
    let told = format!("{:?}", answer.headers);
    assert!(!told.contains(&secret), "{told}");
    let me = site.api_with(&secret).get("/me").json();
    assert_eq!(me["data"]["scopes"], serde_json::json!(["webhooks:read", "events:write"]), "{me}");

    let listed = person.get(&site.tokens()).body;
    let masked = format!("bwl_…{}", &secret[44..]);
    assert!(listed.contains("Shop &#60;b&#62;") && listed.contains(&masked) && !listed.contains(&secret));
    assert!(listed.contains("The secret was shown once"), "told on the next page");
    for path in
        [site.tokens(), new(&site), format!("{}/tokens/{}/delete", site.tokens(), id_of(&site, "Shop <b>"))]
    {
        let page = person.get(&path).body;
        assert!(!page.contains(&secret) && !page.contains("The secret was shown once"), "{path}");
    }
    assert!(!site.said().contains(&secret[8..]), "{}", site.said());
}

fn a_form_that_is_sent_again_makes_no_second_token(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("developer");
    let (token, id) = (person.token(&new(&site)), form_id(&person.get(&new(&site)).body));
    let fields = [("name", "Shop"), ("scopes", "events:write"), ("form_id", id.as_str())];
    let first = person.send(&new(&site), &token, &fields);
    let secret = secret(&first.body);
    let other_name = [("name", "Shop 2"), ("scopes", "events:write"), ("form_id", id.as_str())];
    for again in [&fields, &other_name] {
        let again = person.send(&new(&site), &token, again);
        assert_eq!((again.status, again.header("cache-control")), (409, "no-store"));
        assert!(
            again.body.contains("already_created") && again.body.contains("API tokens"),
            "{}",
            again.body
        );
        assert!(!again.body.contains(&secret) && !again.body.contains("Shop 2"));
    }
    for none in ["", &"x".repeat(65)] {
        let bad =
            person.send(&new(&site), &token, &[("name", "S"), ("scopes", "events:write"), ("form_id", none)]);
        assert_eq!(bad.status, 403);
    }
    assert_eq!(site.api.get("/tokens").json()["meta"]["total"], 2, "the one of the tests and the new one");
}

fn what_is_wrong_with_a_token_is_told_beside_it(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("developer");
    made(&site, &person, "Shop", &["events:write"]);
    let long = "x".repeat(101);
    for (fields, says) in [
        (&[("name", " "), ("scopes", "events:write")][..], "A name is required."),
        (&[("name", &long), ("scopes", "events:write")], "Use at most 100 characters."),
        (&[("name", "Shop"), ("scopes", "events:write")], "A token of this business unit has this name."),
        (&[("name", "A")], "A token needs at least one scope."),
        (&[("name", "A"), ("scopes", "events:admin")], "There is no scope"),
        (&[("name", "A"), ("scopes", "events:write"), ("expires", "31")], "Choose one of these times."),
        (&[("name", "A"), ("scopes", "events:write"), ("expires", "-1")], "Choose one of these times."),
    ] {
        let refused = send_new(&site, &person, fields);
        assert_eq!(refused.status, 422, "{fields:?}");
        assert!(refused.body.contains(says), "{says}: {}", refused.body);
        assert!(refused.body.contains("<title>Error: Create token") && refused.body.contains("aria-invalid"));
        assert!(!refused.body.contains("token-secret"));
    }
    let typed =
        send_new(&site, &person, &[("name", "<i>"), ("scopes", "events:read"), ("expires", "31")]).body;
    assert!(
        typed.contains("value=\"&#60;i&#62;\"") && typed.contains("value=\"events:read\" checked"),
        "{typed}"
    );
    assert_eq!(site.api.get("/tokens").json()["meta"]["total"], 2);
}

fn a_token_is_rotated_with_an_overlap(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("developer");
    let (old, id) = made(&site, &person, "Shop", &["events:write"]);
    let path = format!("{}/tokens/{id}/rotate", site.tokens());
    let asked = person.get(&path).body;
    assert!(asked.contains("Rotate “Shop”") && asked.contains("In 24 hours") && asked.contains(&old[44..]));
    let (token, form) = (person.token(&path), form_id(&asked));
    let bad = person.send(&path, &token, &[("overlap", "9999"), ("form_id", &form)]);
    assert_eq!(bad.status, 422);
    let done = person.send(&path, &token, &[("overlap", "168"), ("form_id", &form)]);
    assert_eq!(done.status, 200);
    let new = secret(&done.body);
    assert!(done.body.contains("The old token works until"));
    assert!(done.body.contains("A newer token takes its place.") && done.body.contains("Ends "));
    for live in [&old, &new] {
        assert_eq!(site.api_with(live).get("/me").status, 200);
    }
    let again = person.send(&path, &token, &[("overlap", "168"), ("form_id", &form)]);
    assert_eq!(again.status, 409);
    assert!(again.body.contains("already_created") && !again.body.contains(&new));
    let twice = person.send(&path, &token, &[("overlap", "168"), ("form_id", "another form")]);
    assert_eq!(twice.status, 409);
    assert!(twice.body.contains("This token has a successor already."));
    database.execute(&format!("UPDATE tokens SET expires_at = 1 WHERE id = '{id}'"));
    assert_eq!(site.api_with(&old).get("/me").status, 401, "the overlap is over");
    assert_eq!(site.api_with(&new).get("/me").status, 200);
}

fn a_token_is_narrowed_to_what_it_uses(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("developer");
    let (secret, id) = made(&site, &person, "Shop", &["webhooks:read", "webhooks:write", "events:write"]);
    let api = site.api_with(&secret);
    assert_eq!(api.get("/webhooks").status, 200);
    let event = serde_json::json!({"type": "order.completed", "data": {}});
    assert_eq!(api.post("/events", &event).status, 202);
    let early = person.get(&site.tokens()).body;
    assert!(!early.contains("not used in 30 days"), "it is too early to tell");
    let then = format!("created_at - 31 * {DAY_US}");
    super::site::until(|| {
        // Published uses are stored while the answer is on its way.
        let deleting = person.get(&format!("{}/tokens/{id}/delete", site.tokens())).body;
        deleting.contains("It was used 2 times in the last 30 days.").then_some(())
    });
    database.execute(&format!(
        "UPDATE tokens SET created_at = {then} WHERE id = '{id}'; UPDATE settings SET value = '1' WHERE name = 'token_uses_since'"
    ));
    let page = person.get(&site.tokens()).body;
    assert!(page.contains("1 not used in 30 days"), "{page}");
    assert!(page.contains("<span class=\"chip idle\" title=\"Not used in 30 days\">webhooks:write</span>"));
    assert!(person.get(&format!("{}?show=wide", site.tokens())).body.contains("bwl_…"));
    let path = format!("{}/tokens/{id}/narrow", site.tokens());
    let done = person.send(&path, &person.token(&site.tokens()), &[("show", "wide"), ("after", "")]);
    assert_eq!(
        (done.status, done.header("location")),
        (303, format!("{}?show=wide", site.tokens()).as_str())
    );
    assert_eq!(api.get("/webhooks").status, 200);
    assert_eq!(api.post("/webhooks", &serde_json::json!({})).status, 403);
    let page = person.get(&site.tokens()).body;
    assert!(!page.contains("not used in 30 days"), "{page}");
    assert!(page.contains("Token narrowed"), "{page}");
    let again = person.send(&path, &person.token(&site.tokens()), &[]);
    assert_eq!(again.status, 409);
}

fn deleting_says_what_breaks_and_works_at_once(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("developer");
    let (secret, id) = made(&site, &person, "Shop", &["webhooks:read"]);
    let path = format!("{}/tokens/{id}/delete", site.tokens());
    assert!(person.get(&path).body.contains("Nothing has used it so far."));
    assert_eq!(site.api_with(&secret).get("/webhooks").status, 200);
    let asked = person.get(&path).body;
    assert!(asked.contains("Delete “Shop”?") && asked.contains("Keep token"), "{asked}");
    assert!(
        asked.contains("from 127.0.0.1") && asked.contains("It was used once in the last 30 days."),
        "{asked}"
    );
    assert_eq!(site.api_with(&secret).get("/webhooks").status, 200, "asking deletes nothing");
    let done = person.send(&path, &person.token(&path), &[]);
    assert_eq!((done.status, done.header("location")), (303, site.tokens().as_str()));
    assert_eq!(site.api_with(&secret).get("/webhooks").status, 401);
    let listed = person.get(&site.tokens()).body;
    assert!(listed.contains("Token deleted") && !listed.contains("Shop"));
    assert_eq!(person.get(&path).status, 404);
    assert_eq!(person.send(&path, &person.token(&site.tokens()), &[]).status, 404);
}

fn an_old_sign_in_is_renewed_before_a_secret_is_shown(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("developer");
    let (_, id) = made(&site, &person, "Shop", &["webhooks:read"]);
    let page = person.get(&new(&site)).body;
    let (token, form) = (person.token(&new(&site)), form_id(&page));
    database.execute(&format!("UPDATE sessions SET reauth_at = reauth_at - {DAY_US} / 144"));
    for path in [new(&site), format!("{}/tokens/{id}/rotate", site.tokens())] {
        let confirm = format!("/confirm?next={}", path.replace('/', "%2F"));
        let asked = person.get(&path);
        assert_eq!((asked.status, asked.header("location")), (303, confirm.as_str()));
        let by_htmx = send(person.request(Method::GET, &path).header("hx-request", "true"));
        assert_eq!((by_htmx.status, by_htmx.header("hx-redirect")), (401, confirm.as_str()));
        let fields =
            [("name", "A"), ("scopes", "events:write"), ("form_id", form.as_str()), ("overlap", "0")];
        let refused = person.send(&path, &token, &fields);
        assert_eq!(refused.status, 401);
        assert!(refused.body.contains("reauth_required") && refused.body.contains("href=\"/confirm?next="));
    }
    let confirm = |password: &str| {
        person.send("/confirm", &token, &[("password", password), ("next", new(&site).as_str())])
    };
    let wrong = confirm("violin porch coppeR");
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("That is not your password.") && !wrong.body.contains("coppeR"));
    assert_eq!(person.get(&new(&site)).status, 303);
    let right = confirm(PASSWORD);
    assert_eq!((right.status, right.header("location")), (303, new(&site).as_str()));
    let cookie = right.header("set-cookie").split(';').next().unwrap().to_owned();
    assert!(cookie.starts_with("bw_session="), "{cookie}");
    assert_eq!(person.get(&new(&site)).status, 200);
    assert_eq!(send(site.visitor().request(Method::GET, &site.tokens()).header(COOKIE, &cookie)).status, 200);
    assert_eq!(
        person.send("/confirm", &token, &[("password", PASSWORD), ("next", "//evil")]).header("location"),
        "/"
    );
    assert_eq!(
        send(site.visitor().request(Method::GET, &site.tokens()).header(COOKIE, &cookie)).status,
        303,
        "the value before opens nothing"
    );
}

fn a_viewer_sees_tokens_and_changes_none(database: &TestDatabase) {
    let site = Site::open(database);
    let viewer = site.person("viewer");
    let id = site.api_token();
    let page = viewer.get(&site.tokens()).body;
    assert!(page.contains("Your role here is viewer") && page.contains("tests"));
    for absent in ["Create Token", "tokens/new", "/rotate", "/delete", "/narrow"] {
        assert!(!page.contains(absent), "{absent}");
    }
    let token = viewer.token(&site.tokens());
    for act in ["new", &format!("{id}/rotate"), &format!("{id}/delete")] {
        let path = format!("{}/tokens/{act}", site.tokens());
        assert_eq!(viewer.get(&path).status, 403, "{act}");
    }
    let fields = [("name", "A"), ("scopes", "events:read"), ("form_id", "x"), ("overlap", "24")];
    for act in ["new", &format!("{id}/rotate"), &format!("{id}/delete"), &format!("{id}/narrow")] {
        let path = format!("{}/tokens/{act}", site.tokens());
        assert_eq!(viewer.send(&path, &token, &fields).status, 403, "{act}");
    }
    assert_eq!(site.api.get("/tokens").json()["meta"]["total"], 1);
}

fn without_api_access_the_page_says_so(database: &TestDatabase) {
    let site = Site::open_with(database, &["--operator-contact", "help@operator.example"]);
    let person = site.person("owner");
    let (token, form) = (person.token(&new(&site)), form_id(&person.get(&new(&site)).body));
    database.execute("UPDATE business_units SET api_access = FALSE");
    let page = person.get(&site.tokens()).body;
    assert!(page.contains("API access is not part of your plan"), "{page}");
    assert!(page.contains("href=\"mailto:help@operator.example\""));
    assert!(!page.contains("Create Token") && !page.contains("base-url") && !page.contains("/rotate"));
    assert!(page.contains("tests"), "nothing is deleted");
    assert_eq!(person.get(&new(&site)).status, 403);
    let fields = [("name", "A"), ("scopes", "events:read"), ("form_id", form.as_str())];
    assert_eq!(person.send(&new(&site), &token, &fields).status, 403);
}

fn tokens_are_filtered_and_paged(database: &TestDatabase) {
    let site = Site::open(database);
    // Two, because a session sends so many forms at once and no more.
    let (person, other) = (site.person("developer"), site.person("admin"));
    for n in 0..26 {
        let who = if n < 13 { &person } else { &other };
        made(&site, who, &format!("Token {n:02}"), &["events:read"]);
    }
    let (first, soon) = (id_of(&site, "Token 00"), id_of(&site, "Token 01"));
    database.execute(&format!(
        "UPDATE tokens SET created_at = created_at - 91 * {DAY_US} WHERE id = '{first}';
         UPDATE tokens SET expires_at = created_at + 13 * {DAY_US} WHERE id = '{soon}'"
    ));
    let names = |query: &str| {
        let page = person.get(&format!("{}{query}", site.tokens())).body;
        page.split("<b class=\"name\">")
            .skip(1)
            .map(|rest| rest.split('<').next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let whole = names("");
    assert_eq!((whole.len(), whole[0].as_str(), whole[24].as_str()), (25, "Token 25", "Token 01"));
    let rest = names(&format!("?after={soon}"));
    assert_eq!(rest, ["Token 00", "tests"]);
    assert_eq!(names("?show=unused"), ["Token 00"]);
    assert_eq!(names("?show=ending"), ["Token 01"]);
    assert_eq!(names("?show=wide"), Vec::<String>::new());
    assert_eq!(names("?show=nonsense&after=x").len(), 25);
    let page = person.get(&format!("{}?show=unused", site.tokens())).body;
    assert!(page.contains("Unused for 91 days. Consider deleting it."));
    assert!(person.get(&format!("{}?show=ending", site.tokens())).body.contains("Rotate it before then."));
    let fragment = send(person.request(Method::GET, &site.tokens()).header("hx-request", "true")).body;
    assert!(!fragment.contains("<html") && fragment.contains("id=\"tokens\""));
}

fn tokens_of_another_unit_do_not_exist(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("owner");
    let theirs = site.other_api.get("/me").json()["data"]["id"].as_str().unwrap().to_owned();
    let token = person.token(&site.tokens());
    let (missing, here) =
        (person.get("/nowhere").body, person.get(&format!("{}/nowhere", site.tokens())).body);
    let missing = |path: &str| if path.starts_with(&site.tokens()) { &here } else { &missing };
    let other = format!("/bu/{}/admin/api", site.other_bu);
    for path in
        [other.clone(), format!("{other}/tokens/new"), format!("{}/tokens/tok_x/rotate", site.tokens())]
    {
        let answer = person.get(&path);
        assert_eq!((answer.status, &answer.body), (404, missing(&path)), "{path}");
    }
    for unit in [&site.tokens(), &other] {
        for act in ["rotate", "delete"] {
            let answer = person.get(&format!("{unit}/tokens/{theirs}/{act}"));
            assert_eq!((answer.status, &answer.body), (404, missing(unit)), "{unit} {act}");
        }
        for act in ["rotate", "delete", "narrow"] {
            let fields = [("form_id", "x"), ("overlap", "0")];
            let answer = person.send(&format!("{unit}/tokens/{theirs}/{act}"), &token, &fields);
            assert_eq!((answer.status, &answer.body), (404, missing(unit)), "{unit} {act}");
        }
    }
    assert_eq!(site.other_api.get("/me").status, 200);
}
