//! The fault suite: the real program under load while things break around it, judged by ledgers kept outside it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a case fails by panicking; the runner catches it and says so"
)]
#![expect(clippy::print_stdout, reason = "this program reports on standard output")]

mod args;
mod cases;
mod rig;
mod run;
mod zoo;

use std::process::ExitCode;

/// Does nothing unless it is given a profile: the ordinary test runners start every test binary, this one too.
fn main() -> ExitCode {
    match args::read(std::env::args().skip(1)) {
        Ok(Some(orders)) => run::all(&orders),
        Ok(None) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("torture: {why}");
            ExitCode::from(2)
        }
    }
}
