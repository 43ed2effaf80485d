//! The unit of the partner that operates the installation, for people who are in it by a grant to a global partner.

use super::site::{Person, Site, between, until};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::Answer;

both_databases!(
    nobody_becomes_an_operator_through_a_grant,
    a_global_owner_decides_on_owners_where_nobody_operates,
    an_operator_decides_on_owners_also_through_a_grant,
);

const TOLD: &str = "The owners of this partner operate the installation.";

/// Sends a form of the Users page, again when that was too fast.
fn send(site: &Site, person: &Person, behind: &str, fields: &[(&str, &str)]) -> Answer {
    let token = person.token("/account");
    let path = site.inside(&format!("/admin/users/{behind}"));
    until(|| Some(person.send(&path, &token, fields)).filter(|answer| answer.status != 429))
}

fn id_of(database: &TestDatabase, email: &str) -> String {
    database.lines(&format!("SELECT id AS line FROM users WHERE email = '{email}'")).remove(0)
}

fn number(database: &TestDatabase, name: &str) -> String {
    let sql = format!("SELECT CAST(id AS TEXT) AS line FROM partners WHERE name = '{name}'");
    database.lines(&sql).remove(0)
}

fn operates(database: &TestDatabase, site: &Site, name: &str) {
    let number = number(database, name);
    site.run(&["partner", "operator", "--partner", &number, "--operates", "on"]).success();
}

/// The owners of the first unit's partner, by name of their addresses.
fn owners(database: &TestDatabase) -> Vec<String> {
    database.lines(
        "SELECT u.email AS line FROM users AS u INNER JOIN memberships AS m ON m.user_id = u.id \
         INNER JOIN partners AS p ON p.id = m.partner_id \
         WHERE p.name = 'Kestrel' AND m.role = 'owner' ORDER BY u.email",
    )
}

fn nobody_becomes_an_operator_through_a_grant(database: &TestDatabase) {
    let site = Site::open(database);
    operates(database, &site, "Kestrel");
    let (owner, developer) = (site.person("owner"), site.person("developer"));
    site.invite("late@kestrel.example", "owner");
    let kestrel = number(database, "Kestrel");
    site.run(&["partner", "second-factor", "--partner", &kestrel, "--required", "on"]).success();
    let [owner, developer, late] =
        [owner.email.as_str(), &developer.email, "late@kestrel.example"].map(|email| id_of(database, email));
    let before_all = owners(database);
    for (n, global) in [site.global_person("owner"), site.global_everywhere("owner")].iter().enumerate() {
        let list = global.get(&site.inside("/admin/users")).body;
        assert!(list.contains(&format!("menu-{developer}")), "{list}");
        for hidden in [&format!("menu-{owner}"), &format!("menu-{late}"), "/admin/users/second-factor"] {
            assert!(!list.contains(hidden), "{hidden}");
        }
        let form = global.get(&site.inside("/admin/users/new")).body;
        assert!(form.contains("value=\"admin\"") && !form.contains("value=\"owner\""), "{form}");
        let edit = global.get(&site.inside(&format!("/admin/users/{owner}/edit")));
        assert!(edit.status == 403 && edit.body.contains(TOLD), "{edit:?}");

        let before = database.digest();
        let fields = [("email", "me@atlas.example"), ("name", "Me"), ("role", "owner"), ("required", "off")];
        let asked = ["new", "second-factor"].map(str::to_owned).into_iter();
        let asked = asked.chain([format!("{developer}/edit"), format!("{late}/link")]);
        let acts = ["edit", "disable", "enable", "remove", "sign-out", "link"];
        for behind in asked.chain(acts.map(|act| format!("{owner}/{act}"))) {
            let answer = send(&site, global, &behind, &fields);
            assert!(answer.status == 403 && answer.body.contains(TOLD), "{behind}: {answer:?}");
        }
        let answer = send(&site, global, "second-factor", &[("required", "on")]);
        assert_eq!(answer.status, 403, "{answer:?}");
        database.assert_unchanged(&before, "what would lead to the operator's pages");

        // What is no owner's is decided on as before, and leads no further.
        let email = format!("helper{n}@kestrel.example");
        let admin = [("email", email.as_str()), ("name", "Helper"), ("role", "admin")];
        assert_eq!(send(&site, global, "new", &admin).status, 200);
        let helper = id_of(database, &email);
        let promotion = [("name", "Helper"), ("role", "owner")];
        assert_eq!(send(&site, global, &format!("{helper}/edit"), &promotion).status, 403);
        let link = send(&site, global, &format!("{helper}/link"), &[]);
        let link = between(&link.body, "<output id=\"invite-link\" class=\"break\">", "<").unwrap();
        assert!(link.starts_with(&site.url("/setup?link=")), "{link}");
        let role = ["developer", "viewer"][n];
        let edited = send(&site, global, &format!("{developer}/edit"), &[("name", "Dev"), ("role", role)]);
        assert_eq!(edited.status, 303, "{edited:?}");
        assert_eq!(global.get("/operator/partners").status, 404);
    }
    assert_eq!(owners(database), before_all);
    let required = "SELECT name AS line FROM partners WHERE second_factor_required";
    assert_eq!(database.lines(required), ["Kestrel"]);
}

fn a_global_owner_decides_on_owners_where_nobody_operates(database: &TestDatabase) {
    let site = Site::open(database);
    operates(database, &site, "Globex");
    let (owner, developer) = (site.person("owner"), site.person("developer"));
    let [owner, developer] = [&owner.email, &developer.email].map(|email| id_of(database, email));
    let global = site.global_everywhere("owner");
    assert!(global.get(&site.inside("/admin/users/new")).body.contains("value=\"owner\""));
    let invited = [("email", "new@kestrel.example"), ("name", "New"), ("role", "owner")];
    assert_eq!(send(&site, &global, "new", &invited).status, 200);
    let promoted = [("name", "Dev"), ("role", "owner")];
    assert_eq!(send(&site, &global, &format!("{developer}/edit"), &promoted).status, 303);
    assert_eq!(send(&site, &global, &format!("{owner}/disable"), &[]).status, 303);
    assert_eq!(owners(database).len(), 3);
    super::account::turn_on(&global);
    assert_eq!(send(&site, &global, "second-factor", &[("required", "on")]).status, 303);
    let required = "SELECT name AS line FROM partners WHERE second_factor_required";
    assert_eq!(database.lines(required), ["Kestrel"]);
}

fn an_operator_decides_on_owners_also_through_a_grant(database: &TestDatabase) {
    let site = Site::open(database);
    let developer = site.person("developer");
    let global = site.global_person("owner");
    operates(database, &site, "Kestrel");
    operates(database, &site, "Atlas");
    let promotion = [("name", "Dev"), ("role", "owner")];
    let edit = format!("{}/edit", id_of(database, &developer.email));
    assert_eq!(send(&site, &global, &edit, &promotion).status, 303);
    assert_eq!(owners(database), [developer.email.as_str()]);
}
