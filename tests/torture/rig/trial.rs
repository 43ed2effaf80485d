//! One run of one case: what it may do, where it lives, what it is told by chance.

use super::chance::Chance;
use super::database::Database;
use super::{cluster, site::Site};
use crate::args::{Engine, Orders, Profile};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The means for a case are missing here; why.
#[derive(Debug)]
pub struct NotRun(pub String);

/// What a case that was run measured, in a few words. A case fails by panicking.
pub type Outcome = Result<String, NotRun>;

/// One run of one case on one database.
pub struct Trial {
    pub profile: Profile,
    pub engine: Engine,
    /// The program to break.
    pub program: PathBuf,
    seed: u64,
    folder: PathBuf,
}

impl Trial {
    pub fn new(orders: &Orders, case: &str, engine: Engine) -> Self {
        let folder = tempfile::Builder::new().prefix(&format!("bellwire-torture-{case}-")).tempdir();
        // Kept until the verdict is known: a failed case leaves it behind.
        let folder = folder.expect("a temporary folder").keep();
        let seed = Chance::new(orders.seed, &format!("{case} {}", engine.name())).next();
        Self { profile: orders.profile, engine, program: orders.program.clone(), seed, folder }
    }

    pub fn keep_folder(&self) -> PathBuf {
        self.folder.clone()
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn chance(&self, purpose: &str) -> Chance {
        Chance::new(self.seed, purpose)
    }

    /// One of two by profile.
    pub fn pick<T>(&self, quick: T, full: T) -> T {
        match self.profile {
            Profile::Quick => quick,
            Profile::Full => full,
        }
    }

    pub fn is_full(&self) -> bool {
        self.profile == Profile::Full
    }

    /// How long the case may take.
    pub fn limit(&self, quick: Duration) -> Duration {
        self.pick(quick, quick * 10)
    }

    /// An empty installation on a database of its own.
    pub fn site(&self) -> Result<Site, NotRun> {
        self.site_in("site")
    }

    /// The same in a folder of this name.
    pub fn site_in(&self, name: &str) -> Result<Site, NotRun> {
        let folder = self.folder.join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        let database = match self.engine {
            Engine::Sqlite => Database::sqlite(&folder.join("bellwire.db")),
            Engine::Postgres => cluster::shared()?.database(),
        };
        Ok(Site::new(self, &folder, database))
    }

    /// Whether a program is there.
    pub fn need(program: &str) -> Result<(), NotRun> {
        let found = Command::new("sh").args(["-c", &format!("command -v {program}")]).output();
        let found = found.is_ok_and(|output| output.status.success());
        if found { Ok(()) } else { Err(NotRun(format!("{program} is not installed"))) }
    }
}
