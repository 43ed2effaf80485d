//! The cases: one promise, or a few that one fault breaks, in each file.

mod clock_jump;
mod database_restart;
mod disk_full;
mod durability;
mod fsync_error;
mod graceful_stop;
mod idempotency;
mod kill_loop;
mod memory;
mod noisy_neighbour;
mod poison;
mod receiver_zoo;
mod sequence;
pub mod table;
mod two_workers;
