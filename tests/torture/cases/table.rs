//! The table of cases, in the order in which they are run.

use super::{
    clock_jump, database_restart, disk_full, durability, fsync_error, graceful_stop, idempotency, kill_loop,
    memory, noisy_neighbour, poison, receiver_zoo, sequence, two_workers,
};
use crate::args::Engine::{self, Postgres, Sqlite};
use crate::rig::trial::{Outcome, Trial};
use std::time::Duration;

/// One case.
pub struct Case {
    pub name: &'static str,
    /// The databases it applies to.
    pub on: &'static [Engine],
    /// How long it may take in the quick profile; ten times as long in the full one.
    pub limit: Duration,
    pub run: fn(&Trial) -> Outcome,
}

const BOTH: &[Engine] = &[Sqlite, Postgres];

const fn case(name: &'static str, on: &'static [Engine], seconds: u64, run: fn(&Trial) -> Outcome) -> Case {
    Case { name, on, limit: Duration::from_secs(seconds), run }
}

/// All of them.
pub const CASES: &[Case] = &[
    case("receiver_zoo", &[Sqlite], 90, receiver_zoo::run),
    case("kill_loop", BOTH, 120, kill_loop::run),
    case("flush_order", &[Sqlite], 90, durability::flush_order),
    case("power_cut", &[Sqlite], 120, durability::power_cut),
    case("fsync_error", &[Sqlite], 60, fsync_error::run),
    case("disk_full", &[Sqlite], 90, disk_full::run),
    case("database_restart", &[Postgres], 200, database_restart::run),
    case("two_workers", BOTH, 120, two_workers::run),
    case("clock_jump", BOTH, 90, clock_jump::run),
    case("graceful_stop", BOTH, 120, graceful_stop::run),
    case("poison", BOTH, 90, poison::run),
    case("idempotency", BOTH, 90, idempotency::run),
    case("sequence", BOTH, 90, sequence::run),
    case("noisy_neighbour", BOTH, 90, noisy_neighbour::run),
    case("memory", &[Sqlite], 120, memory::run),
];
