//! The operator's commands about partners and the audit log, as they are typed.

use super::site::{Site, until};
use crate::support::databases::{TestDatabase, both_databases};
use serde_json::Value;

both_databases!(
    partners_are_listed_renamed_and_made_with_their_owner,
    grants_are_given_all_or_none,
    the_whole_audit_log_is_exported_with_what_belongs_to_no_unit,
    what_was_denied_is_counted_and_does_not_fill_the_log,
);

fn list(site: &Site, more: &[&str]) -> Vec<Value> {
    let args = [&["--json", "partner", "list"], more].concat();
    let output = site.run(&args);
    output.success().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn names(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["name"].as_str().unwrap()).collect()
}

fn partners_are_listed_renamed_and_made_with_their_owner(database: &TestDatabase) {
    let site = Site::open(database);
    let all = list(&site, &[]);
    assert_eq!(names(&all), ["Kestrel", "Globex"]);
    let kestrel = all[0]["id"].to_string();
    assert_eq!((all[0]["bu"].as_str(), &all[0]["api_access"]), (Some(site.bu.as_str()), &Value::Bool(true)));
    assert_eq!(all[0]["operator"], false, "what is made by command operates nothing");

    site.run(&["partner", "rename", "--partner", &kestrel, "--name", "Käfer"]).success();
    assert_eq!(names(&list(&site, &["--search", "kafer"])), ["Käfer"]);
    assert_eq!(names(&list(&site, &["--after", &kestrel, "--limit", "1"])), ["Globex"]);
    let text = site.run(&["partner", "list"]).success().to_owned();
    assert!(text.contains("channel  Käfer"), "{text}");

    let create = ["--json", "partner", "create", "--name", "Rivermark", "--kind", "channel"];
    let owner = ["--owner-email", "ida@r.example", "--owner-name", "Ida", "--public-url", &site.url("")];
    let made = site.run(&[&create[..], &owner].concat()).json();
    let link = made["owner"]["link"].as_str().unwrap().strip_prefix(&site.url("")).unwrap().to_owned();
    assert_eq!(site.visitor().choose_password(&link).status, 303);
    let half = site.run(&[&create[..], &owner[..2]].concat());
    assert_ne!(half.code, Some(0), "an address without a name");

    for wrong in [
        &["partner", "rename", "--partner", "999999", "--name", "X"][..],
        &["partner", "rename", "--partner", &kestrel, "--name", ""],
        &["partner", "plan", "--partner", "999999", "--api-access", "off"],
        &["partner", "operator", "--partner", "999999", "--operates", "on"],
        &["partner", "second-factor", "--partner", "999999", "--required", "on"],
        &["partner", "grant", "--partner", &kestrel],
    ] {
        let output = site.run(wrong);
        assert!(
            output.code.is_some_and(|code| code != 0) && !output.stderr.is_empty(),
            "{wrong:?}: {output:?}"
        );
    }
}

fn grants_are_given_all_or_none(database: &TestDatabase) {
    let site = Site::open(database);
    let (_, atlas) = site.global("viewer");
    let number = atlas.to_string();
    let of = |site: &Site| list(site, &["--search", "Atlas"])[0]["grants"].clone();
    assert_eq!(of(&site), 1);
    let other = site.other_partner.to_string();
    let unknown = site.run(&["partner", "grant", "--partner", &number, "--unit", &format!("{other},999999")]);
    assert_ne!(unknown.code, Some(0));
    assert_eq!(of(&site), 1, "one of them does not exist");
    site.partner("grant", atlas, &["--unit", &other]);
    assert_eq!(of(&site), 2);
    site.partner("grant", atlas, &["--all"]);
    assert_eq!(of(&site), "all");
    site.partner("withdraw", atlas, &["--all"]);
    let kestrel = list(&site, &["--search", "Kestrel"])[0]["id"].to_string();
    site.partner("withdraw", atlas, &["--unit", &format!("{other},{kestrel}")]);
    assert_eq!(of(&site), 0);
    let to_channel = site.run(&["partner", "grant", "--partner", &other, "--all"]);
    assert!(to_channel.stderr.contains("channel partner"), "{to_channel:?}");
}

fn the_whole_audit_log_is_exported_with_what_belongs_to_no_unit(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.person("viewer");
    assert_eq!(site.visitor().sign_in(&person.email, "wrong", "").status, 422);
    let refused = until(|| {
        let output = site.run(&["audit", "export"]);
        let rows: Vec<Value> =
            output.success().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        rows.iter().any(|row| row["action"] == "sign_in.refused").then_some(rows)
    });
    let places: Vec<i64> = refused.iter().map(|row| row["seq"].as_i64().unwrap()).collect();
    assert_eq!(places, (1..=i64::try_from(refused.len()).unwrap()).collect::<Vec<_>>());
    let actions: Vec<_> = refused.iter().map(|row| row["action"].as_str().unwrap()).collect();
    for action in ["partner.created", "token.created", "user.created", "session.started"] {
        assert!(actions.contains(&action), "{action}: {actions:?}");
    }
    let told = refused.iter().find(|row| row["action"] == "sign_in.refused").unwrap();
    assert_eq!((&told["business_unit"], &told["ip"]), (&Value::Null, &Value::from("127.0.0.1")));
    assert!(site.run(&["audit", "verify"]).success().contains("is whole"));
}

fn what_was_denied_is_counted_and_does_not_fill_the_log(database: &TestDatabase) {
    let site = Site::open(database);
    let narrow = site.api_with(&site.token("--scopes=webhooks:read"));
    let count = || {
        let sql = "SELECT target_id || ' ' || COALESCE(bu_id, '-') AS line FROM audit \
                   WHERE action = 'access.denied' ORDER BY seq";
        database.lines(sql)
    };
    for _ in 0..30 {
        assert_eq!(narrow.get("/event-types").status, 403);
    }
    let viewer = site.person("viewer");
    let token = viewer.token("/account");
    let path = site.inside("/admin/teams/new");
    for _ in 0..3 {
        assert_eq!(viewer.send(&path, &token, &[("name", "X")]).status, 403);
    }
    assert_eq!(viewer.get(&format!("/bu/{}/webhooks", site.other_bu)).status, 404);
    let rows = until(|| Some(count()).filter(|rows| rows.len() >= 3));
    let mut told: Vec<&str> = rows.iter().map(String::as_str).collect();
    told.sort_unstable();
    told.dedup();
    let wanted = [
        format!("POST /admin/teams/new {}", site.bu),
        format!("{} -", site.other_bu),
        format!("event-types:read {}", site.bu),
    ];
    assert_eq!(told, wanted, "{rows:?}");
    assert_eq!(rows.len(), 3, "many alike are one row: {rows:?}");
    // The unit's own page shows what is its own, and finds it.
    let owner = site.person("owner");
    let page = owner.get(&site.inside("/admin/audit?action=access.denied")).body;
    assert_eq!(page.matches("data-label=\"Time\"").count(), 2, "{page}");
    assert!(page.contains("POST /admin/teams/new") && !page.contains(&site.other_bu), "{page}");
    let nobody = site.api_with("bwl_0000000000000000000000000000000000000000000000");
    assert_eq!(nobody.get("/me").status, 401);
    until(|| {
        let rows = database.lines("SELECT target_id AS line FROM audit WHERE action = 'token.refused'");
        (!rows.is_empty()).then_some(())
    });
}
