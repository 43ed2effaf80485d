//! Users, teams and programmes as admins change them, and what each change leaves behind: an audit row and an event.

use super::site::{PASSWORD, Person, Site, between, until};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::Answer;
use crate::support::receiver::Receiver;
use serde_json::Value;

both_databases!(
    an_invited_user_chooses_a_password_through_a_link_that_is_shown_once,
    admins_decide_on_everybody_but_owners,
    the_last_owner_is_not_taken_away,
    a_user_who_is_switched_off_is_out_at_once,
    whoever_leaves_hands_the_webhooks_over_or_they_stop,
    a_team_is_made_filled_renamed_and_deleted,
    a_programme_is_made_renamed_and_deleted,
    an_event_about_a_login_goes_to_its_own_and_its_teams_webhooks_only,
    whoever_decides_on_nobody_is_offered_nothing_and_refused,
    an_old_sign_in_is_renewed_before_users_are_changed,
    users_are_searched_and_paged,
);

fn users(site: &Site) -> String {
    format!("/bu/{}/admin/users", site.bu)
}

fn teams(site: &Site) -> String {
    format!("/bu/{}/admin/teams", site.bu)
}

fn programmes(site: &Site) -> String {
    format!("/bu/{}/programmes", site.bu)
}

/// Sends a form of a page, again when that was too fast.
fn send(site: &Site, person: &Person, path: &str, fields: &[(&str, &str)]) -> Answer {
    let token = person.token(&site.webhooks());
    until(|| Some(person.send(path, &token, fields)).filter(|answer| answer.status != 429))
}

/// The same, where the change leads on: it leaves exactly one audit row.
fn done(
    database: &TestDatabase,
    site: &Site,
    person: &Person,
    path: &str,
    fields: &[(&str, &str)],
) -> String {
    // Of who was denied something it is told a moment later.
    let sql = "SELECT CAST(count(*) AS TEXT) AS line FROM audit WHERE action <> 'access.denied'";
    let count = || database.lines(sql).remove(0);
    let before: i64 = count().parse().unwrap();
    let answer = send(site, person, path, fields);
    assert_eq!(answer.status, 303, "{path} {fields:?}: {answer:?}");
    assert_eq!(count().parse::<i64>().unwrap(), before + 1, "{path} {fields:?}");
    answer.header("location").to_owned()
}

fn id_of(database: &TestDatabase, email: &str) -> String {
    database.lines(&format!("SELECT id AS line FROM users WHERE email = '{email}'")).remove(0)
}

fn number_of(database: &TestDatabase, email: &str) -> String {
    let sql = format!("SELECT CAST(number AS TEXT) AS line FROM users WHERE email = '{email}'");
    database.lines(&sql).remove(0)
}

/// The payloads of the unit's events of a type, oldest first.
fn told(site: &Site, event_type: &str) -> Vec<Value> {
    let feed = site.api.get(&format!("/events?after=oldest&limit=100&type={event_type}")).json();
    let events = feed["data"].as_array().unwrap_or_else(|| panic!("{feed}")).clone();
    events.into_iter().map(|event| event["data"].clone()).collect()
}

/// The newest audit row of an action: what was and what became.
fn audited(database: &TestDatabase, action: &str) -> (String, String) {
    let newest = |column: &str| {
        let sql = format!(
            "SELECT COALESCE({column}, '') AS line FROM audit WHERE seq = \
             (SELECT max(seq) FROM audit WHERE action = '{action}')"
        );
        database.lines(&sql).remove(0)
    };
    (newest("before"), newest("after"))
}

fn an_invited_user_chooses_a_password_through_a_link_that_is_shown_once(database: &TestDatabase) {
    let site = Site::open(database);
    let admin = site.person("admin");
    let fields = [("email", " New@Kestrel.example "), ("name", "New <b>"), ("role", "developer")];
    let bad = [("email", "nobody"), ("role", "viewer")];
    let wrong = send(&site, &admin, &format!("{}/new", users(&site)), &bad);
    assert_eq!(wrong.status, 422);
    for told in ["no e-mail address", "A name is required", "<title>Error: Invite user", "value=\"nobody\""] {
        assert!(wrong.body.contains(told), "{told}: {}", wrong.body);
    }
    let unknown = [("email", "x@kestrel.example"), ("name", "X"), ("role", "king")];
    let unknown = send(&site, &admin, &format!("{}/new", users(&site)), &unknown);
    assert!(unknown.status == 422 && unknown.body.contains("Choose one of these roles."), "{unknown:?}");
    let answer = send(&site, &admin, &format!("{}/new", users(&site)), &fields);
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"), "{answer:?}");
    let link = between(&answer.body, "<output id=\"invite-link\" class=\"break\">", "<").unwrap();
    let link = link.strip_prefix(&site.url("")).expect("a link to this server").to_owned();
    let secret = link.split_once('=').unwrap().1;
    let list = admin.get(&users(&site)).body;
    assert!(list.contains("new@kestrel.example") && list.contains("New &#60;b&#62;"));
    assert!(
        list.contains("Invited, not yet signed in")
            && !list.contains(secret)
            && !site.said().contains(secret)
    );
    let again = send(&site, &admin, &format!("{}/new", users(&site)), &fields);
    assert_eq!(again.status, 422, "the address is taken");

    // Another link closes the first one.
    let id = id_of(database, "new@kestrel.example");
    let second = send(&site, &admin, &format!("{}/{id}/link", users(&site)), &[]);
    let second = between(&second.body, "<output id=\"invite-link\" class=\"break\">", "<").unwrap();
    let second = second.strip_prefix(&site.url("")).unwrap();
    assert_eq!(site.visitor().choose_password(&link).status, 404);
    let invited = site.visitor();
    assert_eq!(invited.choose_password(second).status, 303);
    assert_eq!(invited.get(&users(&site)).status, 200);
    assert_eq!(site.visitor().choose_password(second).status, 404, "a link opens once");
    assert_eq!(send(&site, &admin, &format!("{}/{id}/link", users(&site)), &[]).status, 409);
    let made = told(&site, "user.created").pop().unwrap();
    assert_eq!((&made["id"], &made["status"]), (&id.clone().into(), &"pending".into()));
    assert_eq!(
        (&made["role"], &made["created_by"]["email"]),
        (&"developer".into(), &admin.email.clone().into())
    );
    let active = told(&site, "user.updated").pop().unwrap();
    assert_eq!((&active["id"], &active["status"]), (&id.into(), &"active".into()));
}

fn admins_decide_on_everybody_but_owners(database: &TestDatabase) {
    let site = Site::open(database);
    let (owner, admin, viewer) = (site.person("owner"), site.person("admin"), site.person("viewer"));
    let [owner_id, viewer_id] = [&owner, &viewer].map(|person| id_of(database, &person.email));
    let before = database.digest();
    for path in ["edit", "disable", "remove", "sign-out", "enable", "link"] {
        let at = format!("{}/{owner_id}/{path}", users(&site));
        let refused = send(&site, &admin, &at, &[("name", "Ada"), ("role", "viewer")]);
        assert_eq!(refused.status, 403, "{path}: {refused:?}");
    }
    let edit = format!("{}/{viewer_id}/edit", users(&site));
    assert_eq!(send(&site, &admin, &edit, &[("name", "Ada"), ("role", "owner")]).status, 403);
    let invite = [("email", "o@kestrel.example"), ("name", "O"), ("role", "owner")];
    assert_eq!(send(&site, &admin, &format!("{}/new", users(&site)), &invite).status, 403);
    database.assert_unchanged(&before, "what an admin may not do");
    assert!(!admin.get(&edit).body.contains("value=\"owner\""), "it is not offered either");

    done(database, &site, &admin, &edit, &[("name", "Ada Marsh"), ("role", "developer")]);
    assert_eq!(viewer.get(&users(&site)).status, 303, "another role signs out");
    let (was, is) = audited(database, "user.role_changed");
    assert!(was.contains("viewer") && is.contains("developer") && is.contains("Ada Marsh"), "{was} {is}");
    let event = told(&site, "user.updated").pop().unwrap();
    assert_eq!((&event["id"], &event["role"]), (&viewer_id.into(), &"developer".into()));
    assert_eq!(event["changed"], serde_json::json!(["name", "role"]));
    // An owner makes owners.
    done(database, &site, &owner, &edit, &[("name", "Ada Marsh"), ("role", "owner")]);
}

fn the_last_owner_is_not_taken_away(database: &TestDatabase) {
    let site = Site::open(database);
    let owner = site.person("owner");
    let id = id_of(database, &owner.email);
    // An owner who has chosen no password could not let anybody in.
    site.invite("second@kestrel.example", "owner");
    let second = id_of(database, "second@kestrel.example");
    let before = database.digest();
    for (path, fields) in [
        ("edit", [("name", "Ada"), ("role", "admin")]),
        ("disable", [("", ""); 2]),
        ("remove", [("", ""); 2]),
    ] {
        let refused = send(&site, &owner, &format!("{}/{id}/{path}", users(&site)), &fields);
        assert_eq!(refused.status, 409, "{path}");
        assert!(
            refused.body.contains("last owner") && refused.body.contains("<dialog"),
            "{path}: {}",
            refused.body
        );
    }
    database.assert_unchanged(&before, "taking the last owner away");
    database.execute(&format!("UPDATE users SET password_hash = 'x' WHERE id = '{second}'"));
    let own = send(&site, &owner, &format!("{}/{id}/disable", users(&site)), &[]);
    assert!(own.status == 409 && own.body.contains("your own login"), "{own:?}");
    let down = [("name", "Ada"), ("role", "admin")];
    done(database, &site, &owner, &format!("{}/{id}/edit", users(&site)), &down);
    assert_eq!(owner.get(&users(&site)).status, 200, "the session that asks stays");
}

fn a_user_who_is_switched_off_is_out_at_once(database: &TestDatabase) {
    let site = Site::open(database);
    let (admin, developer) = (site.person("admin"), site.person("developer"));
    let id = id_of(database, &developer.email);
    let at = |path: &str| format!("{}/{id}/{path}", users(&site));
    done(database, &site, &admin, &at("sign-out"), &[]);
    assert_eq!(developer.get(&site.webhooks()).status, 303);
    assert_eq!(site.visitor().sign_in(&developer.email, PASSWORD, "").status, 303, "and may sign in again");
    let asked = admin.get(&at("disable"));
    assert!(asked.body.contains("Switch “Ada” off?"), "{}", asked.body);
    done(database, &site, &admin, &at("disable"), &[]);
    assert_ne!(site.visitor().sign_in(&developer.email, PASSWORD, "").status, 303);
    assert!(admin.get(&users(&site)).body.contains("Switched off"));
    assert_eq!(told(&site, "user.updated").pop().unwrap()["status"], "disabled");
    done(database, &site, &admin, &at("enable"), &[]);
    assert_eq!(site.visitor().sign_in(&developer.email, PASSWORD, "").status, 303);
    assert_eq!(told(&site, "user.updated").pop().unwrap()["status"], "active");
}

fn whoever_leaves_hands_the_webhooks_over_or_they_stop(database: &TestDatabase) {
    let site = Site::open(database);
    let (admin, first) = (site.person("admin"), site.person("developer"));
    let second = site.person("viewer");
    let own = |webhook: &str, user: &str| {
        database.execute(&format!("UPDATE webhooks SET owner = '{user}' WHERE id = '{webhook}'"));
    };
    let [first_id, second_id, admin_id] = [&first, &second, &admin].map(|one| id_of(database, &one.email));
    let [kept, stopped] = ["Kept", "Stopped"].map(|name| site.webhook(name, "https://example.com/h"));
    own(&kept, &first_id);
    own(&stopped, &second_id);
    let number = number_of(database, &admin.email);
    let at = |id: &str| format!("{}/{id}/remove", users(&site));
    let asked = admin.get(&at(&first_id)).body;
    assert!(
        asked.contains("It owns 1 webhook.") && asked.contains(&format!("value=\"{number}\"")),
        "{asked}"
    );
    let nobody = send(&site, &admin, &at(&first_id), &[("heir", "999999")]);
    assert!(nobody.status == 422 && nobody.body.contains("Choose another"), "{nobody:?}");

    done(database, &site, &admin, &at(&first_id), &[("heir", number.as_str())]);
    let owner = |webhook: &str| {
        let sql =
            format!("SELECT COALESCE(owner, '-') || status AS line FROM webhooks WHERE id = '{webhook}'");
        database.lines(&sql).remove(0)
    };
    assert_eq!(owner(&kept), format!("{admin_id}active"));
    assert_eq!(first.get(&site.webhooks()).status, 303, "whoever left is signed out");
    assert_ne!(site.visitor().sign_in(&first.email, PASSWORD, "").status, 303);
    let left = told(&site, "user.deleted").pop().unwrap();
    assert_eq!((&left["id"], &left["status"]), (&first_id.into(), &"deleted".into()));
    assert_eq!(left["email"], first.email.as_str(), "the event says who it was");

    done(database, &site, &admin, &at(&second_id), &[("heir", "")]);
    assert_eq!(owner(&stopped), "-inactive");
    let shown = site.api.get(&format!("/webhooks/{stopped}")).json();
    assert_eq!(shown["data"]["inactive_reason"], "owner_removed", "{shown}");
    let off = told(&site, "webhook.disabled").pop().unwrap();
    assert_eq!((&off["id"], &off["inactive_reason"]), (&stopped.into(), &"owner_removed".into()));
    // The address is free again.
    let invite = [("email", first.email.as_str()), ("name", "Jo"), ("role", "viewer")];
    assert_eq!(send(&site, &admin, &format!("{}/new", users(&site)), &invite).status, 200);
}

fn a_team_is_made_filled_renamed_and_deleted(database: &TestDatabase) {
    let site = Site::open(database);
    let (admin, viewer) = (site.person("admin"), site.person("viewer"));
    assert!(admin.get(&teams(&site)).body.contains("No teams yet"));
    let new = format!("{}/new", teams(&site));
    assert_eq!(send(&site, &admin, &new, &[("name", " ")]).status, 422);
    let team = done(database, &site, &admin, &new, &[("name", "EMEA <i>")]);
    let twice = send(&site, &admin, &new, &[("name", "EMEA <i>")]);
    assert!(twice.status == 422 && twice.body.contains("Choose another"), "{twice:?}");
    let made = told(&site, "team.created").pop().unwrap();
    assert_eq!((&made["name"], &made["member_count"]), (&"EMEA <i>".into(), &0.into()));
    assert_eq!(made["created_by"]["email"], admin.email.as_str());

    let number = number_of(database, &viewer.email);
    assert_eq!(send(&site, &admin, &format!("{team}/members"), &[("login", "999999")]).status, 422);
    done(database, &site, &admin, &format!("{team}/members"), &[("login", number.as_str())]);
    let page = admin.get(&team).body;
    assert!(page.contains("1 member") && page.contains(&viewer.email) && page.contains("EMEA &#60;i&#62;"));
    assert!(admin.get(&users(&site)).body.contains("EMEA &#60;i&#62;"), "users show their teams");
    done(database, &site, &admin, &format!("{team}/edit"), &[("name", "Europe")]);
    let (was, is) = audited(database, "team.renamed");
    assert!(was.contains("EMEA") && is.contains("Europe"), "{was} {is}");

    let id = team.rsplit('/').next().unwrap();
    let webhook = site.webhook("Limited", "https://example.com/h");
    database.execute(&format!("UPDATE webhooks SET for_team = '{id}' WHERE id = '{webhook}'"));
    let kept = send(&site, &admin, &format!("{team}/delete"), &[]);
    assert!(kept.status == 409 && kept.body.contains("“Limited” is limited to this team"), "{kept:?}");
    site.api.delete(&format!("/webhooks/{webhook}"));
    let viewer_id = id_of(database, &viewer.email);
    done(database, &site, &admin, &format!("{team}/members/{viewer_id}/remove"), &[]);
    assert!(admin.get(&team).body.contains("Nobody is in this team"));
    done(database, &site, &admin, &format!("{team}/delete"), &[]);
    assert_eq!(admin.get(&team).status, 404);
    assert_eq!(told(&site, "team.deleted").pop().unwrap()["id"], id);
}

fn a_programme_is_made_renamed_and_deleted(database: &TestDatabase) {
    let site = Site::open(database);
    let admin = site.person("admin");
    let new = format!("{}/new", programmes(&site));
    done(database, &site, &admin, &new, &[("name", "Kestrel Miles")]);
    assert_eq!(send(&site, &admin, &new, &[("name", "Kestrel Miles")]).status, 422);
    let id = told(&site, "programme.created").pop().unwrap()["id"].as_str().unwrap().to_owned();
    let at = |path: &str| format!("{}/{id}/{path}", programmes(&site));
    done(database, &site, &admin, &at("edit"), &[("name", "Miles Plus")]);
    assert!(admin.get(&programmes(&site)).body.contains("Miles Plus"));
    let event = told(&site, "programme.updated").pop().unwrap();
    assert_eq!((&event["name"], &event["changed"]), (&"Miles Plus".into(), &serde_json::json!(["name"])));
    let webhook = site.webhook("Linked", "https://example.com/h");
    let link =
        format!("UPDATE webhooks SET programme_id = '{id}', origin = 'programme' WHERE id = '{webhook}'");
    database.execute(&link);
    assert_eq!(send(&site, &admin, &at("delete"), &[]).status, 409);
    site.api.delete(&format!("/webhooks/{webhook}"));
    done(database, &site, &admin, &at("delete"), &[]);
    assert!(admin.get(&programmes(&site)).body.contains("No programmes yet"));
    assert_eq!(told(&site, "programme.deleted").pop().unwrap()["id"], id);
}

fn an_event_about_a_login_goes_to_its_own_and_its_teams_webhooks_only(database: &TestDatabase) {
    let (site, receiver) = (Site::open(database), Receiver::start());
    let (admin, ours, other) = (site.person("admin"), site.person("developer"), site.person("viewer"));
    let team = done(database, &site, &admin, &format!("{}/new", teams(&site)), &[("name", "Team")]);
    let (number, id) = (number_of(database, &ours.email), id_of(database, &ours.email));
    done(database, &site, &admin, &format!("{team}/members"), &[("login", number.as_str())]);
    let other_id = id_of(database, &other.email);
    let team_id = team.rsplit('/').next().unwrap();
    for (path, column, value) in [
        ("/login", "for_login", id.as_str()),
        ("/team", "for_team", team_id),
        ("/other", "for_login", &other_id),
    ] {
        let body = serde_json::json!({"url": receiver.url(path), "events": ["user.updated", "user.deleted"]});
        let made = site.api.post("/webhooks", &body).json()["data"]["id"].as_str().unwrap().to_owned();
        database.execute(&format!("UPDATE webhooks SET {column} = '{value}' WHERE id = '{made}'"));
    }
    let edit = format!("{}/{id}/edit", users(&site));
    done(database, &site, &admin, &edit, &[("name", "Grace"), ("role", "developer")]);
    done(database, &site, &admin, &format!("{}/{id}/remove", users(&site)), &[]);
    let arrived = || receiver.requests().iter().map(|request| request.path.clone()).collect::<Vec<_>>();
    let mut paths = until(|| Some(arrived()).filter(|paths| paths.len() >= 4));
    paths.sort();
    assert_eq!(paths, ["/login", "/login", "/team", "/team"]);
}

fn whoever_decides_on_nobody_is_offered_nothing_and_refused(database: &TestDatabase) {
    let site = Site::open(database);
    let (admin, developer, viewer) = (site.person("admin"), site.person("developer"), site.person("viewer"));
    let team = done(database, &site, &admin, &format!("{}/new", teams(&site)), &[("name", "Team")]);
    done(database, &site, &admin, &format!("{}/new", programmes(&site)), &[("name", "Miles")]);
    let programme = database.lines("SELECT id AS line FROM programmes").remove(0);
    let id = id_of(database, &admin.email);
    let before = database.digest();
    for person in [&developer, &viewer] {
        for list in [users(&site), teams(&site), programmes(&site), team.clone()] {
            let page = person.get(&list);
            assert_eq!(page.status, 200, "{list}");
            assert!(!page.body.contains("/new\"") && !page.body.contains("More actions"), "{list}");
            assert!(!page.body.contains("admin/audit"), "{list}");
        }
        let audit = format!("/bu/{}/admin/audit", site.bu);
        assert_eq!(person.get(&audit).status, 403);
        let user = |path: &str| format!("{}/{id}/{path}", users(&site));
        let refused = [
            format!("{}/new", users(&site)),
            user("edit"),
            user("disable"),
            user("enable"),
            user("remove"),
            user("sign-out"),
            user("link"),
            format!("{}/new", teams(&site)),
            format!("{team}/edit"),
            format!("{team}/delete"),
            format!("{team}/members"),
            format!("{team}/members/{id}/remove"),
            format!("{}/new", programmes(&site)),
            format!("{}/{programme}/edit", programmes(&site)),
            format!("{}/{programme}/delete", programmes(&site)),
            format!("{audit}/export"),
        ];
        for path in refused {
            let fields =
                [("email", "x@kestrel.example"), ("name", "X"), ("role", "viewer"), ("login", "1001")];
            assert_eq!(send(&site, person, &path, &fields).status, 403, "{} {path}", person.email);
        }
    }
    database.assert_unchanged(&before, "what was refused");
}

fn an_old_sign_in_is_renewed_before_users_are_changed(database: &TestDatabase) {
    let site = Site::open(database);
    let (admin, viewer) = (site.person("admin"), site.person("viewer"));
    let id = id_of(database, &viewer.email);
    database.execute("UPDATE sessions SET reauth_at = 1");
    let before = database.digest();
    for path in ["new", &format!("{id}/edit"), &format!("{id}/disable"), &format!("{id}/remove")] {
        let at = format!("{}/{path}", users(&site));
        assert!(admin.get(&at).header("location").starts_with("/confirm?next="), "{path}");
        let fields = [("email", "x@kestrel.example"), ("name", "X"), ("role", "developer")];
        assert_eq!(send(&site, &admin, &at, &fields).status, 401, "{path}");
    }
    for path in ["enable", "sign-out", "link"] {
        assert_eq!(send(&site, &admin, &format!("{}/{id}/{path}", users(&site)), &[]).status, 401, "{path}");
    }
    // Afterwards one is back where the button is: these addresses show no page.
    let at = format!("{}/{id}/sign-out", users(&site));
    let token = admin.token(&site.webhooks());
    let list = format!("{}?q=ada", users(&site));
    for (page, next) in [
        (site.url(&list), list.as_str()),
        ("https://elsewhere.example//evil.example/".to_owned(), "//evil.example/"),
        (String::new(), "/"),
    ] {
        let form = || admin.form(&at, &token, &[]).header("origin", site.url("")).header("referer", &page);
        let sent = || crate::support::http::send(form());
        let told = until(|| Some(sent()).filter(|answer| answer.status != 429));
        assert_eq!(told.status, 401, "{page}: {told:?}");
        let query = between(&told.body, "/confirm?", "\"").unwrap();
        let (_, asked) = url::form_urlencoded::parse(query.as_bytes()).next().unwrap();
        assert_eq!(asked, next);
    }
    let outside = admin.get("/confirm?next=%2F%2Fevil.example%2F").body;
    assert!(!outside.contains("evil.example"), "only pages of one's own are gone on to");
    database.assert_unchanged(&before, "an old sign-in");
}

fn users_are_searched_and_paged(database: &TestDatabase) {
    let site = Site::open(database);
    let viewer = site.person("viewer");
    for n in 0..30 {
        let (id, number) = (format!("usr_{n:026}"), 5_000 + n);
        database.execute(&format!(
            "INSERT INTO users (id, number, email, name, created_at) \
             VALUES ('{id}', {number}, 'u{n}@kestrel.example', 'Zoë {n}', 1); \
             INSERT INTO memberships (user_id, partner_id, role, created_at) \
             SELECT '{id}', partner_id, 'viewer', 1 FROM business_units WHERE id = '{}'",
            site.bu
        ));
    }
    let numbers = |query: &str| {
        let page = viewer.get(&format!("{}{query}", users(&site)));
        assert_eq!(page.status, 200, "{query}");
        let rows = page.body.split("data-label=\"Login\"").skip(1);
        let number = |row: &str| between(row, "\">", "</code>").unwrap().to_owned();
        (rows.map(|row| number(row.split_once("<code").unwrap().1)).collect::<Vec<_>>(), page.body)
    };
    let (first, page) = numbers("");
    assert_eq!((first.len(), first[0].as_str(), first[24].as_str()), (25, "5029", "5005"));
    assert!(page.contains("31 users") && page.contains("after=5005"), "{page}");
    let (rest, page) = numbers("?after=5005");
    assert_eq!((rest.len(), rest[0].as_str(), rest[5].as_str()), (6, "5004", "1001"));
    assert!(page.contains("aria-label=\"Newer users\" href="));
    assert_eq!(numbers("?q=ZOE+7").0, ["5007"]);
    assert_eq!(numbers("?q=u12%40kestrel").0, ["5012"]);
    assert_eq!(numbers("?q=5029").0, ["5029"]);
    assert!(numbers("?q=%25").1.contains("No user matches"));
}
