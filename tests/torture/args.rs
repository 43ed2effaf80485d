//! What the command line asks for.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::path::PathBuf;

/// How much is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// A few minutes: what continuous integration runs.
    Quick,
    /// Up to 40 minutes.
    Full,
}

/// The database a case stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// What is to be run.
#[derive(Debug)]
pub struct Orders {
    pub profile: Profile,
    /// Every choice of the run follows from it.
    pub seed: u64,
    /// The cases to run; all when empty.
    pub only: Vec<String>,
    /// The database to run on; both when none is named.
    pub engine: Option<Engine>,
    /// The program to break; the one that was built with this suite unless another is named.
    pub program: PathBuf,
}

/// Reads the arguments; none without `--profile`, which is how the ordinary test runners call.
pub fn read(args: impl Iterator<Item = String>) -> Result<Option<Orders>, String> {
    let args: Vec<String> = args.collect();
    if !args.iter().any(|arg| arg == "--profile") {
        return Ok(None);
    }
    let program = PathBuf::from(env!("CARGO_BIN_EXE_bellwire"));
    let mut orders =
        Orders { profile: Profile::Quick, seed: any_seed(), only: Vec::new(), engine: None, program };
    let mut args = args.into_iter();
    while let Some(flag) = args.next() {
        let value = args.next().ok_or_else(|| format!("{flag} needs a value"))?;
        match (flag.as_str(), value.as_str()) {
            ("--profile", "quick") => orders.profile = Profile::Quick,
            ("--profile", "full") => orders.profile = Profile::Full,
            ("--seed", seed) => orders.seed = seed.parse().map_err(|_| format!("{seed} is no seed"))?,
            ("--program", path) => {
                orders.program = std::path::absolute(path).map_err(|e| format!("{path}: {e}"))?;
            }
            ("--only", case) => orders.only.push(case.to_owned()),
            ("--database", "sqlite") => orders.engine = Some(Engine::Sqlite),
            ("--database", "postgres") => orders.engine = Some(Engine::Postgres),
            _ => return Err(format!("{flag} {value} is not understood")),
        }
    }
    Ok(Some(orders))
}

fn any_seed() -> u64 {
    RandomState::new().build_hasher().finish() % 1_000_000
}
