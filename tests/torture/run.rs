//! Runs the cases one after the other and reports: a line for each, and one that closes.

use crate::args::{Engine, Orders};
use crate::cases::table::{CASES, Case};
use crate::rig::cluster;
use crate::rig::patience::pass;
use crate::rig::trial::{NotRun, Outcome, Trial};
use std::any::Any;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

/// For how many seconds at most nothing ran during the case at hand.
static STOOD_STILL: AtomicU64 = AtomicU64::new(0);
const TICK: Duration = Duration::from_millis(200);

/// How one case ended.
enum Verdict {
    Passed(String),
    Failed(String),
    NotRun(String),
}

#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
    not_run: usize,
}

/// Runs what was ordered. Fails when a case failed, or when none was run.
pub fn all(orders: &Orders) -> ExitCode {
    println!("torture: {:?}, seed {}", orders.profile, orders.seed);
    panic::set_hook(Box::new(heard));
    thread::spawn(watch);
    let began = Instant::now();
    let mut tally = Tally::default();
    for case in
        CASES.iter().filter(|case| orders.only.is_empty() || orders.only.iter().any(|o| o == case.name))
    {
        for engine in case.on.iter().filter(|engine| orders.engine.is_none_or(|only| only == **engine)) {
            one(orders, case, *engine, &mut tally);
        }
    }
    cluster::stop();
    println!(
        "{} passed, {} failed{} in {} s (seed {})",
        tally.passed,
        tally.failed,
        if tally.not_run > 0 { format!(", {} not run", tally.not_run) } else { String::new() },
        began.elapsed().as_secs(),
        orders.seed,
    );
    if tally.failed == 0 && tally.passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Notes when the machine gave this process no time at all: what depends on time then proves little.
fn watch() {
    loop {
        let before = Instant::now();
        pass(TICK);
        let still = before.elapsed().saturating_sub(TICK).as_secs();
        STOOD_STILL.fetch_max(still, Relaxed);
    }
}

/// Says where it happened. What happened stands in the report, unless the thread is none of a case's own.
fn heard(info: &PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    match thread::current().name() {
        Some(case) => eprintln!("        {case}: at {place}"),
        None => eprintln!("        {info}"),
    }
}

fn one(orders: &Orders, case: &'static Case, engine: Engine, tally: &mut Tally) {
    let began = Instant::now();
    STOOD_STILL.store(0, Relaxed);
    let trial = Trial::new(orders, case.name, engine);
    let folder = trial.keep_folder();
    let verdict = judged(case, trial);
    let (word, text) = match verdict {
        Verdict::Passed(text) => {
            tally.passed += 1;
            let _ = std::fs::remove_dir_all(&folder);
            ("ok", text)
        }
        Verdict::Failed(text) => {
            tally.failed += 1;
            ("FAILED", format!("{text}\n        what it left: {}", folder.display()))
        }
        Verdict::NotRun(why) => {
            tally.not_run += 1;
            let _ = std::fs::remove_dir_all(&folder);
            ("not run", why)
        }
    };
    let took = began.elapsed().as_secs_f32();
    let still = match STOOD_STILL.load(Relaxed) {
        0 => String::new(),
        seconds => format!(" (this machine stood still for {seconds} s)"),
    };
    println!("{word:<8}{} {} ({took:.1} s): {text}{still}", case.name, engine.name());
}

/// Runs the case on a thread of its own, so that one that hangs does not stop the others.
fn judged(case: &'static Case, trial: Trial) -> Verdict {
    let limit = trial.limit(case.limit);
    let (tell, told) = channel();
    let body = move || {
        let outcome: Result<Outcome, _> = catch_unwind(AssertUnwindSafe(|| (case.run)(&trial)));
        drop(trial);
        let _ = tell.send(outcome);
    };
    thread::Builder::new().name(case.name.to_owned()).spawn(body).expect("a thread");
    // A little longer than what the case itself waits for.
    match told.recv_timeout(limit + Duration::from_secs(5)) {
        Ok(Ok(Ok(text))) => Verdict::Passed(text),
        Ok(Ok(Err(NotRun(why)))) => Verdict::NotRun(why),
        Ok(Err(panic)) => Verdict::Failed(words(panic.as_ref())),
        Err(_) => Verdict::Failed(format!("no end within {} s", limit.as_secs())),
    }
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned()
}
