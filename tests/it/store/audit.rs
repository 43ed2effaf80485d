//! The audit log: what was written stays as it was written.

use super::world::World;
use crate::support::databases::{TestDatabase, both_databases};
use bellwire::ops::Error;
use bellwire::store::system::audit;
use diesel::connection::SimpleConnection;

both_databases!(audit_rows_cannot_be_changed_or_removed);

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
