//! Partner search, and ids that are no ids.

use crate::support::databases::{TestDatabase, both_databases};
use crate::web::site::{Site, between};

both_databases!(a_search_tells_nothing_of_partners_that_are_not_granted);

fn a_search_tells_nothing_of_partners_that_are_not_granted(database: &TestDatabase) {
    let site = Site::open(database);
    let person = site.global_person("viewer");
    let others =
        database.lines("SELECT CAST(id AS TEXT) AS line FROM partners WHERE name = 'Globex'").remove(0);
    let found = person.get("/partners?q=Kestrel").body;
    assert!(found.contains("1 partner matches"), "{found}");
    let page = |q: &str| {
        let answer = person.get(&format!("/partners?q={q}"));
        assert_eq!(answer.status, 200, "I9: {q}");
        let token = between(&answer.body, r#"name="csrf" value=""#, "\"").unwrap_or("-").to_owned();
        answer.body.replace(q, "ASKED").replace(&token, "TOKEN")
    };
    for known in ["Globex", "globe", others.as_str()] {
        assert_eq!(page(known), page("Nobody7"), "I9: {known}");
    }
    let nul = person.get("/partners?q=%00");
    assert_eq!(nul.status, 200, "{nul:?}");
    for path in ["/admin/webhooks", "/logs"] {
        let asked =
            person.get(&format!("/bu/{}{path}?q=%00&type=%00&webhook=%00&status=%00&after=%00", site.bu));
        assert!(asked.status < 500, "{path}: {asked:?}");
    }
}
