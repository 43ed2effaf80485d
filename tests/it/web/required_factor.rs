//! A second factor that a partner requires of everybody: an owner turns that on, and whoever has none sets it up
//! before anything else.

use super::account::{pass_time, submit, turn_on};
use super::site::{PASSWORD, Person, Site, until};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::Answer;

both_databases!(
    an_owner_requires_it_and_everybody_without_one_sets_it_up_first,
    nobody_but_owners_decides_on_it,
);

const SET_UP: &str = "/account/second-factor";

fn users(site: &Site) -> String {
    site.inside("/admin/users")
}

fn require(site: &Site, person: &Person, required: &str) -> Answer {
    submit(person, "/account", &format!("{}/second-factor", users(site)), &[("required", required)])
}

fn an_owner_requires_it_and_everybody_without_one_sets_it_up_first(database: &TestDatabase) {
    let site = Site::open(database);
    let (owner, admin) = (site.person("owner"), site.person("admin"));
    let other = site.other_person("viewer");
    let offered = owner.get(&users(&site)).body;
    assert!(offered.contains("Set up your own first") && !offered.contains("Require it<"), "{offered}");
    let led = require(&site, &owner, "on");
    assert_eq!((led.status, led.header("location")), (303, SET_UP), "they have none themselves");
    assert!(admin.get(&users(&site)).status == 200, "nothing is required so far");

    turn_on(&owner);
    let old = admin.token("/account");
    let done = require(&site, &owner, "on");
    assert_eq!((done.status, done.header("location")), (303, users(&site).as_str()), "{done:?}");
    assert!(owner.get(&users(&site)).body.contains("Every user needs one."));
    assert_eq!(require(&site, &owner, "on").status, 303, "twice changes nothing");
    let rows = database.lines(
        "SELECT COALESCE(bu_id, '-') AS line FROM audit WHERE action = 'partner.second_factor_changed'",
    );
    assert_eq!(rows, [site.bu.as_str()]);

    // Whoever is in already can do nothing else from the next request on.
    for path in
        ["/", "/account", "/account/password", &users(&site), &site.webhooks(), "/partners", "/nowhere"]
    {
        let answer = admin.get(path);
        let led = answer.header("location").starts_with(SET_UP) || path == "/nowhere";
        assert!(led && answer.status != 200, "{path}: {answer:?}");
    }
    let path = site.inside("/admin/teams/new");
    let refused = until(|| Some(admin.send(&path, &old, &[("name", "X")])).filter(|a| a.status != 429));
    assert!(refused.header("location").starts_with(SET_UP), "{refused:?}");
    assert_eq!(database.lines("SELECT name AS line FROM teams"), Vec::<String>::new());
    let fragment = crate::support::http::send(
        admin.request(reqwest::Method::GET, &users(&site)).header("hx-request", "true"),
    );
    assert_eq!((fragment.status, fragment.header("hx-redirect")), (401, SET_UP));
    let connect = admin.request(reqwest::Method::GET, &site.inside("/connect/1001"));
    let connect = crate::support::http::send(connect.header("accept", "application/json"));
    assert_eq!(connect.status, 401, "{connect:?}");
    assert_eq!(site.api.get("/me").status, 200, "tokens are not affected");
    assert_eq!(other.get("/account").status, 200, "nor is another partner");

    // Nor can they after signing in anew, until it is set up.
    let again = site.again(&admin.email);
    assert!(again.get(&site.overview()).header("location").starts_with(SET_UP));
    let page = again.get(SET_UP).body;
    assert!(
        page.contains("Your partner requires a second factor.") && !page.contains("Leave it off"),
        "{page}"
    );
    let app = set_up(&again, &page);
    assert_eq!(again.get(&users(&site)).status, 200);
    let off = |person: &Person, code: &str| {
        submit(person, "/account", "/account/second-factor/off", &[("password", PASSWORD), ("code", code)])
    };
    pass_time(database);
    let refused = off(&again, &app.code(0));
    assert_eq!(refused.status, 409, "it cannot be turned off: {refused:?}");
    assert!(refused.body.contains("Your partner requires a second factor of everybody."));

    assert_eq!(require(&site, &owner, "off").status, 303);
    pass_time(database);
    assert_eq!(off(&again, &app.code(0)).status, 303);
    assert_eq!(again.get(&users(&site)).status, 200, "up to each again");
}

/// Sets the second factor up with the form of this page, from which alone that is possible.
fn set_up(person: &Person, page: &str) -> super::account::App {
    let field = |name: &str| super::site::between(page, &format!("name=\"{name}\" value=\""), "\"").unwrap();
    let app = super::account::app_of(page);
    let fields = [("key", field("key")), ("code", &app.code(0))];
    let answer = person.send(SET_UP, field("csrf"), &fields);
    assert_eq!(answer.status, 200, "{answer:?}");
    app
}

fn nobody_but_owners_decides_on_it(database: &TestDatabase) {
    let site = Site::open(database);
    for role in ["viewer", "developer", "admin"] {
        let person = site.person(role);
        turn_on(&person);
        assert!(!person.get(&users(&site)).body.contains("/admin/users/second-factor"), "{role}");
        assert_eq!(require(&site, &person, "on").status, 403, "{role}");
    }
    let foreign = site.other_person("owner");
    turn_on(&foreign);
    assert_eq!(require(&site, &foreign, "on").status, 404);
    let owner = site.person("owner");
    turn_on(&owner);
    database.execute("UPDATE sessions SET reauth_at = 1");
    let old = require(&site, &owner, "on");
    assert!(old.header("location").starts_with("/confirm?next="), "{old:?}");
    let required = "SELECT name AS line FROM partners WHERE second_factor_required";
    assert_eq!(database.lines(required), Vec::<String>::new());

    let kestrel =
        database.lines("SELECT CAST(id AS TEXT) AS line FROM partners WHERE name = 'Kestrel'").remove(0);
    let by_command = |on: &str| {
        site.run(&["partner", "second-factor", "--partner", &kestrel, "--required", on]).success().to_owned()
    };
    by_command("on");
    assert_eq!(database.lines(required), ["Kestrel"]);
    by_command("off");
    assert_eq!(database.lines(required), Vec::<String>::new());
}
