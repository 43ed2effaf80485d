//! The audit log as admins read it, take it away, and as the operator checks it.

use super::site::{Person, Site, until};
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::http::Answer;
use serde_json::Value;

both_databases!(
    the_log_says_who_did_what_to_what_and_from_where,
    the_log_is_taken_away_without_formulas,
    a_global_partner_stands_out,
    a_row_that_was_changed_around_the_program_is_named,
);

fn audit(site: &Site) -> String {
    format!("/bu/{}/admin/audit", site.bu)
}

fn send(site: &Site, person: &Person, path: &str, fields: &[(&str, &str)]) -> Answer {
    let token = person.token(&site.webhooks());
    until(|| Some(person.send(path, &token, fields)).filter(|answer| answer.status != 429))
}

fn make_team(site: &Site, person: &Person, name: &str) -> String {
    let answer = send(site, person, &format!("/bu/{}/admin/teams/new", site.bu), &[("name", name)]);
    assert_eq!(answer.status, 303, "{answer:?}");
    answer.header("location").to_owned()
}

/// Adds so many rows by the operator at once; their chain is not what they are for.
fn add_rows(database: &TestDatabase, site: &Site, count: usize) {
    let row = |n: usize| {
        let (seq, bu) = (100_000 + n, &site.bu);
        format!(
            "({seq}, 'aud_{n:026}', 1, '{bu}', 'operator', 'Operator', 'thing.changed', 'thing', 'x', '', '')"
        )
    };
    let rows: Vec<String> = (0..count).map(row).collect();
    database.execute(&format!(
        "INSERT INTO audit (seq, id, at, bu_id, actor_kind, actor_name, action, target_kind, target_id, \
         previous_hash, hash) VALUES {}",
        rows.join(", ")
    ));
}

fn rows(page: &str) -> usize {
    page.matches("data-label=\"Time\"").count()
}

fn the_log_says_who_did_what_to_what_and_from_where(database: &TestDatabase) {
    let site = Site::open(database);
    let (admin, owner) = (site.person("admin"), site.person("owner"));
    let team = make_team(&site, &admin, "EMEA <b>");
    assert_eq!(send(&site, &admin, &format!("{team}/edit"), &[("name", "Europe")]).status, 303);
    make_team(&site, &owner, "Other");
    site.webhook("Order desk", "https://example.com/h");
    let get = |query: &str| {
        let page = admin.get(&format!("{}{query}", audit(&site)));
        assert_eq!(page.status, 200, "{query}");
        page.body
    };
    let all = get("");
    for shown in
        ["Team renamed", "EMEA &#60;b&#62;", "<ins>Europe</ins>", "127.0.0.1", "Order desk", "Token tests"]
    {
        assert!(all.contains(shown), "{shown}: {all}");
    }
    let id = team.rsplit('/').next().unwrap();
    assert_eq!(rows(&get(&format!("?target={id}"))), 2);
    assert_eq!(rows(&get(&format!("?target={id}&action=team.renamed"))), 1);
    let number = database
        .lines("SELECT CAST(number AS TEXT) AS line FROM users WHERE email = 'owner@kestrel.example'")
        .remove(0);
    let by_owner = get(&format!("?actor={number}&action=team.created"));
    assert!(rows(&by_owner) == 1 && by_owner.contains("Other"), "{by_owner}");
    assert!(rows(&get("?actor=operator")) > 0);
    assert_eq!(rows(&get("?from=2020-01-01T00:00&to=2020-01-02T00:00")), 0);
    assert_eq!(rows(&get("?from=2020-01-01T00:00&to=2099-01-01T00:00")), rows(&all));
    for none in ["?actor=999999", "?action=no.such", "?target=%25", "?target=%00", "?actor=%27"] {
        assert!(get(none).contains("Nothing matches"), "{none}");
    }
    assert_eq!(rows(&get("?before=1")), 0, "nothing stands before the first row");
    assert_eq!(rows(&get("?before=x&from=yesterday")), rows(&all), "what cannot be read filters nothing");

    add_rows(database, &site, 60);
    let first = get("?actor=operator&action=thing.changed");
    assert_eq!(rows(&first), 50);
    assert!(first.contains("before=100010"), "{first}");
    assert_eq!(rows(&get("?actor=operator&action=thing.changed&before=100010")), 10);
}

fn the_log_is_taken_away_without_formulas(database: &TestDatabase) {
    let site = Site::open(database);
    let admin = site.person("admin");
    make_team(&site, &admin, "=HYPERLINK(\"http://evil\")");
    let export = format!("{}/export", audit(&site));
    let csv = send(&site, &admin, &export, &[("format", "csv"), ("action", "team.created")]);
    assert_eq!(csv.status, 200, "{csv:?}");
    assert!(csv.header("content-type").starts_with("text/csv"));
    assert!(csv.header("content-disposition").contains("attachment; filename=\"audit-bu_"));
    let lines: Vec<&str> = csv.body.lines().collect();
    assert_eq!(lines.len(), 2, "{}", csv.body);
    assert!(
        lines[0].starts_with("row,time,action") && lines[1].contains(",\"'=HYPERLINK(\"\"http"),
        "{}",
        lines[1]
    );

    let jsonl = send(&site, &admin, &export, &[("format", "jsonl")]);
    let all: Vec<Value> = jsonl.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(all[0]["action"], "audit.exported", "the export itself is noted before it begins");
    assert!(all[1]["action"] == "audit.exported" && all.iter().any(|row| row["action"] == "team.created"));
    let team = all.iter().find(|row| row["action"] == "team.created").unwrap();
    assert_eq!(team["after"]["name"], "=HYPERLINK(\"http://evil\")");
    assert!(all.iter().all(|row| row["hash"].as_str().is_some_and(|hash| hash.len() == 64)));
    // More than fits into one part comes too.
    add_rows(database, &site, 1_200);
    let long = send(&site, &admin, &export, &[("format", "csv"), ("action", "thing.changed")]);
    assert_eq!(long.body.lines().count(), 1_201);
    assert_eq!(admin.get(&export).status, 405, "looking changes nothing, so it exports nothing");
}

fn a_global_partner_stands_out(database: &TestDatabase) {
    let site = Site::open(database);
    let (admin, global) = (site.person("admin"), site.global_person("admin"));
    make_team(&site, &global, "Far");
    let page = admin.get(&audit(&site)).body;
    assert!(
        page.contains("<span class=\"status wait wrap\">Global partner admin@atlas.example</span>"),
        "{page}"
    );
    let seen = global.get(&audit(&site));
    assert!(seen.status == 200 && seen.body.contains("Global partner"));
}

fn a_row_that_was_changed_around_the_program_is_named(database: &TestDatabase) {
    let site = Site::open(database);
    let admin = site.person("admin");
    make_team(&site, &admin, "Team");
    let whole = site.run(&["--json", "audit", "verify"]).json();
    assert_eq!(whole["whole"], true);
    assert!(whole["rows"].as_i64().unwrap() > 3, "{whole}");
    let seq: i64 =
        database.lines("SELECT CAST(max(seq) - 1 AS TEXT) AS line FROM audit").remove(0).parse().unwrap();
    database.execute(match database {
        TestDatabase::Sqlite(_) => "DROP TRIGGER audit_keeps_its_rows",
        TestDatabase::Postgres(_) => "ALTER TABLE audit DISABLE TRIGGER audit_keeps_its_rows",
    });
    database.execute(&format!("UPDATE audit SET actor_name = 'Nobody' WHERE seq = {seq}"));
    let broken = site.run(&["audit", "verify"]);
    assert_eq!(broken.code, Some(1));
    assert!(broken.stderr.contains(&format!("row {seq} ")), "{broken:?}");
}
