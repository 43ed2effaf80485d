//! Opening a database: migrated once, by whoever comes first, and only where it keeps what it acknowledges.

use super::world::World;
use crate::support::databases::{TestDatabase, both_databases};
use crate::support::installation::Installation;
use crate::support::program::Program;
use bellwire::ops::webhooks::search::{Search, search};
use bellwire::store::db::Db;
use bellwire::store::migrate;
use bellwire::store::pool::{Address, Conn, OpenError};
use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, RunQueryDsl};
use std::os::unix::fs::PermissionsExt;
use std::sync::Barrier;

both_databases!(
    migrating_again_does_nothing,
    many_may_migrate_at_once,
    processes_may_start_at_once,
    a_newer_database_is_refused,
    webhooks_of_an_older_database_are_found,
);

fn migrating_again_does_nothing(database: &TestDatabase) {
    let address = Address::parse(&database.url()).unwrap();
    let mut conn = address.open().unwrap();
    assert!(migrate::run(&mut conn).unwrap() > 0);
    assert_eq!(migrate::run(&mut conn).unwrap(), 0);
    assert_eq!(migrate::run(&mut address.open().unwrap()).unwrap(), 0);
}

fn many_may_migrate_at_once(database: &TestDatabase) {
    let address = Address::parse(&database.url()).unwrap();
    let start = Barrier::new(6);
    let steps: usize = std::thread::scope(|scope| {
        let migrators: Vec<_> = (0..6)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    migrate::run(&mut address.open().unwrap()).unwrap()
                })
            })
            .collect();
        migrators.into_iter().map(|migrator| migrator.join().unwrap()).sum()
    });
    let versions = count(&mut address.open().unwrap());
    assert_eq!((i64::try_from(steps).unwrap(), versions > 0), (versions, true), "each step is run once");
}

fn processes_may_start_at_once(database: &TestDatabase) {
    let program = Program::new().with_database(database);
    let outputs: Vec<_> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..3).map(|_| scope.spawn(|| program.run(["migrate", "--json"]))).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    let done: Vec<i64> = outputs.iter().map(|output| output.json()["applied"].as_i64().unwrap()).collect();
    assert_eq!(done.iter().filter(|steps| **steps > 0).count(), 1, "{done:?}");
}

fn a_newer_database_is_refused(database: &TestDatabase) {
    let address = Address::parse(&database.url()).unwrap();
    drop(Db::open(&address, 1, false).unwrap());
    database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')");
    let refused = Db::open(&address, 1, false).err().unwrap();
    assert!(matches!(refused, OpenError::Migration(_)), "{refused}");
    assert!(refused.to_string().contains("newer Bellwire"), "{refused}");
}

fn webhooks_of_an_older_database_are_found(database: &TestDatabase) {
    let world = World::on(database);
    let bu = world.unit("Kestrel");
    let (kept, deleted) = (world.webhook(bu), world.webhook(bu));
    database.execute(&format!("UPDATE webhooks SET name = 'Émile 1' WHERE id = '{kept}'"));
    database.execute(&format!("UPDATE webhooks SET deleted_at = 1 WHERE id = '{deleted}'"));
    // As it was before what webhooks are found by was stored.
    database.execute("DROP TABLE webhook_texts");
    database.execute("DROP INDEX webhooks_by_status");
    database.execute("DELETE FROM settings WHERE name = 'webhook_texts'");
    database.execute("DELETE FROM __diesel_schema_migrations WHERE version = '20261121000140'");
    let address = Address::parse(&database.url()).unwrap();
    assert_eq!(migrate::run(&mut address.open().unwrap()).unwrap(), 1);
    assert_eq!(database.lines("SELECT webhook_id AS line FROM webhook_texts"), [kept.to_string()]);
    for text in ["EMILE", "receiver.example", kept.as_str()] {
        let wanted = Search { text: text.to_owned(), limit: 10, ..Search::default() };
        let found = search(&world.operator(), bu, &wanted).unwrap().page.rows;
        assert_eq!(found.iter().map(|one| one.row.id).collect::<Vec<_>>(), [kept], "{text}");
    }
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    value: String,
}

fn count(conn: &mut Conn) -> i64 {
    let sql = "SELECT COUNT(*) AS value FROM __diesel_schema_migrations";
    diesel::sql_query(sql).get_result::<Number>(conn).unwrap().value
}

#[test]
fn every_connection_to_a_file_flushes_what_it_commits() {
    let database = TestDatabase::sqlite();
    let address = Address::parse(&database.url()).unwrap();
    let db = Db::open(&address, 3, false).unwrap();
    let ask = |conn: &mut Conn| {
        ["journal_mode", "synchronous", "foreign_keys"].map(|name| {
            let sql = format!("SELECT CAST({name} AS TEXT) AS value FROM pragma_{name}");
            diesel::sql_query(sql).get_result::<Word>(conn).unwrap().value
        })
    };
    let durable = ["wal", "2", "1"].map(str::to_owned);
    assert_eq!(db.read(|conn| Ok::<_, OpenError>(ask(conn))).unwrap(), durable);
    assert_eq!(db.write(|conn| Ok::<_, bellwire::ops::Error>(ask(conn))).unwrap(), durable);
    let mut conn = address.open().unwrap();
    let version =
        diesel::sql_query("SELECT sqlite_version() AS value").get_result::<Word>(&mut conn).unwrap();
    let parts: Vec<u32> = version.value.split('.').map(|part| part.parse().unwrap()).collect();
    assert!(parts.as_slice() >= [3, 51, 3].as_slice(), "{parts:?}");
}

#[test]
fn a_server_that_does_not_flush_is_refused_unless_it_is_thrown_away() {
    let database = TestDatabase::postgres();
    let mut marked = Address::parse(&database.url()).unwrap().open().unwrap();
    let fsync = diesel::sql_query("SELECT current_setting('fsync') AS value").get_result::<Word>(&mut marked);
    // The run's server is fast and loses everything, unless it was started for a measurement.
    let expected = if fsync.unwrap().value == "off" { "fsync=off" } else { "synchronous_commit=off" };
    let unmarked = database
        .url()
        .replace("application_name=bellwire-throwaway", "options=-c%20synchronous_commit%3Doff");
    let refused = Address::parse(&unmarked).unwrap().open().err().unwrap();
    assert!(matches!(refused, OpenError::Unsafe(_)) && refused.to_string().contains(expected), "{refused}");

    let installation = Installation::of(Program::new().with_env("BELLWIRE_DATABASE_URL", &unmarked));
    let output = installation.program.run(["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""), "{output:?}");
    assert!(output.stderr.trim_end().lines().count() == 1 && output.stderr.contains(expected), "{output:?}");
}

#[test]
fn a_new_file_is_for_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bellwire.db");
    let url = format!("sqlite:{}", file.display());
    let installation = Installation::of(Program::new().with_env("BELLWIRE_DATABASE_URL", &url));
    let _serving = installation.program.serve(&[] as &[&str]);
    for name in ["bellwire.db", "bellwire.db-wal", "bellwire.db-shm"] {
        let mode = std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_database_that_cannot_be_reached_is_told_in_one_sentence() {
    let program = Program::new();
    program.run(["keys", "init"]).success();
    for (url, told) in [
        ("sqlite:missing/folder/a.db", "missing/folder/a.db"),
        ("sqlite:", "sqlite:FILE"),
        ("mysql://a/b", "sqlite:FILE"),
        ("postgres://u:hidden@127.0.0.1:1/x", "Connection refused"),
    ] {
        let output = program.run(["migrate", "--database-url", url]);
        assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""), "{output:?}");
        assert!(output.stderr.trim_end().lines().count() == 1 && output.stderr.contains(told), "{output:?}");
        assert!(!output.stderr.contains("hidden"), "{output:?}");
    }
}
