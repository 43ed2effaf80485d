//! One throw-away PostgreSQL for a whole test run, and a database of its own for each test.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use std::collections::hash_map::RandomState;
use std::fs::{self, File};
use std::hash::{BuildHasher, Hasher};
use std::io::{BufRead, BufReader};
use std::os::unix::process::{CommandExt, parent_id};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// An empty database on the run's server; it is dropped with this value.
pub struct PostgresDatabase {
    name: String,
    server: String,
}

impl PostgresDatabase {
    /// Makes the database; starts the server first when this run has none.
    pub fn create() -> Self {
        let server = server_url();
        let name = format!("t_{:016x}", RandomState::new().build_hasher().finish());
        on_server(&server, &format!("CREATE DATABASE {name}"));
        Self { name, server }
    }

    /// Where it is: `postgres://user:password@127.0.0.1:port/name`.
    pub fn url(&self) -> String {
        let (server, _) = self.server.rsplit_once('/').expect("the address ends with a database");
        format!("{server}/{}", self.name)
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        on_server(&self.server, &format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

fn on_server(url: &str, sql: &str) {
    let mut connection = PgConnection::establish(url).expect("the test server takes connections");
    connection.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// `script/test` starts a server and tells where; without it, the first test of a run does.
fn server_url() -> String {
    if let Ok(url) = std::env::var("BELLWIRE_TEST_POSTGRES") {
        return url;
    }
    // nextest: one process per test, and the runner is the parent. cargo test: one process holds all tests.
    let (run, owner) = match std::env::var("NEXTEST_RUN_ID") {
        Ok(run) => (run, parent_id()),
        Err(_) => (std::process::id().to_string(), std::process::id()),
    };
    let dir = std::env::temp_dir().join(format!("bellwire-test-{run}"));
    server_of_run(&dir, owner)
}

/// The address of the server in `dir`, which lives as long as process `owner`; the first to ask starts it.
fn server_of_run(dir: &Path, owner: u32) -> String {
    fs::create_dir_all(dir).expect("a folder for the test server");
    let lock = File::create(dir.join("lock")).expect("a lock file for the test server");
    lock.lock().expect("the lock of the test server");
    let known = dir.join("url");
    if let Ok(url) = fs::read_to_string(&known) {
        return url;
    }
    let url = start(dir, owner);
    fs::write(known, &url).expect("the address of the test server is kept");
    url
}

fn start(dir: &Path, owner: u32) -> String {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("script/lib/postgres-for");
    let said = dir.join("said");
    // In a group of its own, so that ending a test does not end the server of all others.
    let mut child = Command::new(script)
        .arg(owner.to_string())
        .arg(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(File::create(&said).expect("a file for what the test server says"))
        .process_group(0)
        .spawn()
        .expect("script/lib/postgres-for runs");
    let mut line = String::new();
    let stdout = child.stdout.take().expect("its standard output is a pipe");
    BufReader::new(stdout).read_line(&mut line).expect("the address of the test server");
    if line.is_empty() {
        let why = fs::read_to_string(&said).unwrap_or_default();
        panic!("PostgreSQL for the tests did not start: {why}");
    }
    std::thread::spawn(move || child.wait());
    line.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_database_is_its_own_and_goes_with_its_test() {
        let (one, two) = (PostgresDatabase::create(), PostgresDatabase::create());
        let mut at_one = PgConnection::establish(&one.url()).unwrap();
        at_one.batch_execute("CREATE TABLE things (id BIGINT); INSERT INTO things VALUES (1)").unwrap();
        let mut at_two = PgConnection::establish(&two.url()).unwrap();
        assert!(at_two.batch_execute("SELECT * FROM things").is_err());

        let url = one.url();
        drop(one);
        assert!(PgConnection::establish(&url).is_err());
    }

    #[test]
    fn a_server_is_started_once_and_ends_with_its_owner() {
        let home = tempfile::tempdir().unwrap();
        let dir =
            std::env::temp_dir().join(home.path().file_name().unwrap().to_str().unwrap().to_owned() + "-pg");
        let mut owner = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();

        let url = server_of_run(&dir, owner.id());
        assert_eq!(server_of_run(&dir, owner.id()), url);
        let mut connection = PgConnection::establish(&url).unwrap();
        connection.batch_execute("SELECT 1").unwrap();

        drop(owner.stdin.take());
        owner.wait().unwrap();
        // The server says nothing of its own accord: the statement ends when the server does.
        assert!(connection.batch_execute("SELECT pg_sleep(60)").is_err());
    }
}
