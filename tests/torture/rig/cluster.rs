//! A PostgreSQL cluster of one's own, which keeps what it acknowledges and can be broken.

use super::database::Database;
use super::trial::NotRun;
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The one cluster of this run, once a case asked for it.
static SHARED: Mutex<Option<&'static Cluster>> = Mutex::new(None);

/// A running cluster.
pub struct Cluster {
    folder: PathBuf,
    url: String,
    databases: AtomicUsize,
    keeper: Mutex<Child>,
}

/// The cluster that the cases share, one after the other; started when first asked for.
pub fn shared() -> Result<&'static Cluster, NotRun> {
    let mut shared = SHARED.lock().unwrap();
    if let Some(cluster) = *shared {
        return Ok(cluster);
    }
    let cluster: &'static Cluster = Box::leak(Box::new(Cluster::start()?));
    *shared = Some(cluster);
    Ok(cluster)
}

/// Ends the shared cluster if there is one.
pub fn stop() {
    if let Some(cluster) = SHARED.lock().unwrap().take() {
        let mut keeper = cluster.keeper.lock().unwrap();
        // It stops the cluster and removes its folder when it is told to end.
        let _ = Command::new("kill").arg(keeper.id().to_string()).status();
        let _ = keeper.wait();
    }
}

impl Cluster {
    fn start() -> Result<Self, NotRun> {
        let folder = tempfile::Builder::new().prefix("bellwire-torture-postgres-").tempdir();
        let folder = folder.expect("a temporary folder").keep();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("script/lib/postgres-for");
        #[expect(
            clippy::zombie_processes,
            reason = "it is waited for when it is stopped, or goes with this process"
        )]
        let mut keeper = Command::new(script)
            .arg(std::process::id().to_string())
            .arg(&folder)
            .env("BELLWIRE_TEST_PG_FSYNC", "on")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .expect("script/lib/postgres-for runs");
        let mut url = String::new();
        BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut url).expect("its address");
        if url.is_empty() {
            return Err(NotRun("no PostgreSQL could be started; the reason stands above".to_owned()));
        }
        let url = url.trim_end().to_owned();
        Ok(Self { folder, url, databases: AtomicUsize::new(0), keeper: Mutex::new(keeper) })
    }

    /// A new, empty database.
    pub fn database(&self) -> Database {
        let name = format!("torture_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut conn = PgConnection::establish(&self.url).expect("the cluster takes connections");
        conn.batch_execute(&format!("CREATE DATABASE {name}")).expect("a new database");
        let (server, _) = self.url.rsplit_once('/').expect("the address ends with a database");
        Database::Postgres(format!("{server}/{name}"))
    }

    /// Restarts the cluster as a crash would: nothing is written down first.
    pub fn crash(&self) {
        let done = self.pg_ctl(&["-m", "immediate", "-w", "-t", "60", "restart"]);
        assert!(done, "pg_ctl could not restart the cluster; see {}/server.log", self.folder.display());
    }

    fn pg_ctl(&self, args: &[&str]) -> bool {
        let program = self.bin().join("pg_ctl");
        let mut command = if Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n") {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", "postgres", "--regid", "postgres", "--init-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        let log = self.folder.join("server.log");
        command.arg("-D").arg(self.folder.join("data")).arg("-l").arg(log).args(args).current_dir("/");
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    /// Where the programs of the running server are.
    fn bin(&self) -> PathBuf {
        let options = std::fs::read_to_string(self.folder.join("data/postmaster.opts")).expect("its options");
        let program = options.split_whitespace().next().unwrap_or_default().trim_matches('"').to_owned();
        Path::new(&program).parent().expect("a folder").to_owned()
    }
}
