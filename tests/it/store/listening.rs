//! Ringing: who stores deliveries for others is heard by them, with the commit and not before.

use super::world::{World, publish_at};
use crate::support::databases::TestDatabase;
use crate::support::patience::{PATIENCE, until};
use bellwire::ops::Error;
use bellwire::store::dialect::ring;

#[test]
fn deliveries_that_nobody_holds_are_heard_of() {
    let database = TestDatabase::postgres();
    let world = World::on(&database);
    let bu = world.unit("Acme");
    let mut ear = world.another().db.ear().unwrap().unwrap();
    publish_at(&world.node, bu, 1);
    assert!(!ear.has_heard().unwrap(), "nobody wants that event");
    let undone =
        world.node.db.write(|conn| ring(conn).map_err(Error::from).and(Err::<(), _>(Error::NotFound)));
    assert!(undone.is_err() && !ear.has_heard().unwrap(), "nothing was committed");

    world.webhook(bu);
    publish_at(&world.node, bu, 2);

    until(PATIENCE, || if ear.has_heard().unwrap() { Ok(()) } else { Err("silence") });
    assert!(!ear.has_heard().unwrap(), "once");
    database.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND query = 'LISTEN bellwire'",
    );
    until(PATIENCE, || if ear.has_heard().is_err() { Ok(()) } else { Err("still connected") });
}

#[test]
fn on_sqlite_nobody_else_is_there() {
    assert!(World::on(&TestDatabase::sqlite()).node.db.ear().unwrap().is_none());
}
