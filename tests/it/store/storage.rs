//! A full disk, as SQLite itself tells of it: refused as such, remembered, and looked at until there is room.

use super::world::{World, event, publish_at};
use crate::support::databases::TestDatabase;
use bellwire::ops::Error;
use bellwire::store::storage::Trouble;
use diesel::RunQueryDsl;

#[test]
fn a_file_that_may_not_grow_is_a_full_disk_until_it_may() {
    let world = World::on(&TestDatabase::sqlite());
    let (bu, webhook) = world.queued(1);
    // As many pages as there are, and not one more.
    let limit = "PRAGMA max_page_count = 1";
    world.node.db.write(|conn| Ok::<_, Error>(diesel::sql_query(limit).execute(conn)?)).unwrap();

    let full =
        (0..10_000).find_map(|n| world.node.gatherer.publish(event(bu, n)).blocking_recv().unwrap().err());

    assert!(matches!(full, Some(Error::Storage(Trouble::Full, _))), "{full:?}");
    assert_eq!(world.node.db.trouble(), Some(Trouble::Full));
    let stored = world.deliveries(bu, webhook).len();
    let refused = world.node.gatherer.publish(event(bu, 0)).blocking_recv().unwrap();
    assert!(matches!(refused, Err(Error::Storage(Trouble::Full, _))), "also what would fit: {refused:?}");
    assert_eq!(world.deliveries(bu, webhook).len(), stored);

    let no_limit = "PRAGMA max_page_count = 1000000";
    world.node.db.write(|conn| Ok::<_, Error>(diesel::sql_query(no_limit).execute(conn)?)).unwrap();
    assert_eq!(world.node.db.trouble(), Some(Trouble::Full), "a small write proves nothing");
    world.node.db.probe().unwrap();
    assert_eq!(world.node.db.trouble(), None);
    publish_at(&world.node, bu, 1);
    assert_eq!(world.count("settings WHERE name = 'storage_probe'"), 0);
}
