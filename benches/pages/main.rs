//! What a page costs while a great deal is stored: `cargo bench --bench pages`.
//!
//! Fills a database in a temporary folder as the program itself does, starts the real server on it, signs in and asks
//! for each page again and again, one request at a time. Prints a table of server times, the way over loopback
//! and the client included. `BELLWIRE_BENCH_DELIVERIES` stores another number than a million.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on says so by ending")]
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

mod visitor;
mod world;

use std::time::{Duration, Instant};

use visitor::Visitor;
use world::{Size, World};

/// How often a page is asked for before it counts, and then.
const OFTEN: (usize, usize) = (20, 300);
/// The same of a partner search, of which a login has 30 a minute.
const SELDOM: (usize, usize) = (1, 6);

fn main() {
    let deliveries = std::env::var("BELLWIRE_BENCH_DELIVERIES").ok().and_then(|text| text.parse().ok());
    let size = Size { deliveries: deliveries.unwrap_or(1_000_000), ..Size::default() };
    let began = Instant::now();
    let world = World::fill(&size);
    println!("{size:?} stored in {:.0?}\n", began.elapsed());

    let server = world.serve();
    let owner = Visitor::sign_in(&server.base, world::OWNER);
    let global = Visitor::sign_in(&server.base, world::GLOBAL);
    println!("| page | p50 | p99 | compressed |\n|---|---|---|---|");
    let mut slowest = Duration::ZERO;
    for (name, path) in world.pages() {
        slowest = slowest.max(row(&owner, &name, &path, OFTEN));
    }
    for (name, path) in world::searches() {
        slowest = slowest.max(row(&global, &name, &path, SELDOM));
    }
    println!("\nslowest p99: {:.1} ms", ms(slowest));
}

/// Asks for a page, writes its line, and gives its 99th percentile.
fn row(visitor: &Visitor, name: &str, path: &str, (warm, times): (usize, usize)) -> Duration {
    let bytes = visitor.get(path);
    for _ in 0..warm {
        visitor.get(path);
    }
    let mut times: Vec<Duration> = (0..times)
        .map(|_| {
            let start = Instant::now();
            visitor.get(path);
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    println!("| {name} | {:.1} ms | {:.1} ms | {:.1} kB |", ms(at(50)), ms(at(99)), kilobytes(bytes));
    at(99)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn kilobytes(bytes: usize) -> f64 {
    f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1_000.0
}
