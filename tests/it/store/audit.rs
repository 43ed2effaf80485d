//! The audit log: what was written stays as it was written.

use super::world::World;
use crate::support::databases::{TestDatabase, both_databases};
use bellwire::config::Keep;
use bellwire::domain::access::partner::PartnerKind;
use bellwire::ops::Error;
use bellwire::ops::access::partners::{self, PartnerDraft};
use bellwire::ops::system::audit::{Chain, verify};
use bellwire::ops::system::upkeep::Round;
use bellwire::store::system::audit;
use diesel::connection::SimpleConnection;
use std::time::Duration;

both_databases!(audit_rows_cannot_be_changed_or_removed, old_rows_go_once_a_day_and_the_rest_can_be_checked,);

fn audit_rows_cannot_be_changed_or_removed(database: &TestDatabase) {
    let world = World::on(database);
    let bu = world.unit("Acme");
    world.webhook(bu);
    let rows = || world.read(|conn| Ok(audit::rows(conn, 0, i64::MAX, 100)?));
    let before = rows();
    assert!(before.len() >= 2, "{before:?}");

    for tampering in [
        "UPDATE audit SET actor_name = 'somebody else'",
        "UPDATE audit SET seq = seq + 1000",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE seq = 1",
    ] {
        let refused = world.node.db.write(|conn| Ok::<_, Error>(conn.batch_execute(tampering)?));
        let told = format!("{:?}", refused.expect_err(tampering));
        assert!(told.contains("audit log is not"), "{tampering}: {told}");
    }

    let after = rows();
    assert_eq!(format!("{after:?}"), format!("{before:?}"));
    let places: Vec<i64> = after.iter().map(|row| row.seq).collect();
    assert_eq!(places, (1..=i64::try_from(after.len()).unwrap()).collect::<Vec<_>>());
    for pair in after.windows(2) {
        assert_eq!(pair[1].previous_hash, pair[0].hash, "each row is bound to the one before");
    }
}

fn old_rows_go_once_a_day_and_the_rest_can_be_checked(database: &TestDatabase) {
    const DAY: Duration = Duration::from_hours(24);
    let world = World::on(database);
    let rows = || world.read(|conn| Ok(audit::rows(conn, 0, i64::MAX, 10_000)?));
    let checked = || world.read(verify);
    let cut = |audit_days: u32| {
        let mut round = Round::new(&world.node, Keep { days: 0, audit_days });
        while round.step(&world.node).unwrap() {}
    };
    // More than one batch removes.
    for number in 0..620 {
        let draft = PartnerDraft { name: format!("P{number}"), kind: PartnerKind::Global, id: None };
        partners::create(&world.operator(), draft).unwrap();
    }
    world.pass(DAY * 10);
    world.unit("Later");
    let before = rows().len();
    cut(0);
    cut(11);
    assert_eq!(rows().len(), before, "nothing is old enough, or nothing goes");
    cut(9);
    let left = rows();
    let actions: Vec<&str> = left.iter().map(|row| row.action.as_str()).collect();
    assert_eq!(actions, ["partner.created", "audit.shortened", "audit.shortened"], "two batches");
    assert!(left[1].after.as_deref().unwrap().contains("\"rows\":500"), "{left:?}");
    assert_eq!(checked(), Chain::Whole { rows: 3 });
    cut(9);
    assert_eq!(rows().len(), 3, "once a day at the most");

    world.pass(DAY * 20);
    world.unit("Last");
    cut(9);
    assert_eq!(checked(), Chain::Whole { rows: 2 });
    let last = rows();
    assert_eq!(last[1].action, "audit.shortened", "only the newest cut is told: {last:?}");

    // Somebody who can write to the database takes away one row more.
    database.execute("INSERT INTO settings (name, value) VALUES ('audit_retention', '1')");
    database.execute(&format!("DELETE FROM audit WHERE seq = {}", last[0].seq));
    assert_eq!(checked(), Chain::Broken { seq: last[0].seq });
}
