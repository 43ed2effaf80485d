//! P1.2, P1.3: every acknowledgement comes after its flush, and what a power cut leaves holds all that was told.

use crate::rig::database::Database;
use crate::rig::load::{Load, Manner};
use crate::rig::receiver::Receiver;
use crate::rig::trace::{self, File, Kept, Remains, Step};
use crate::rig::trial::{NotRun, Outcome, Trial};
use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// What was recorded, and the database as it was before.
struct Recording {
    before: Vec<u8>,
    steps: Vec<Step>,
}

/// Publishes under strace until so many events are acknowledged, then kills.
fn record(trial: &Trial, events: usize) -> Result<Recording, NotRun> {
    Trial::need("strace")?;
    let site = trial.site()?;
    let token = site.tenant("Acme");
    let receiver = Receiver::start();
    let Database::Sqlite(file) = &site.database else { return Err(NotRun("this looks at files".into())) };
    let before = fs::read(file).expect("the database");
    assert!(!file.with_extension("db-wal").exists(), "the journal was folded in before the recording");
    let log = trial.folder().join("strace.log");
    let server = site.serve_with(&trace::recorded(&log, &[]), &[]);
    site.webhook(&token, "order.completed", &[receiver.url("/1"), receiver.url("/2")], 30_000);
    let manner = Manner { pause: Duration::from_millis(10), ..Manner::default() };
    let load = Load::start(&site.door, &token, &trial.folder().join("ledger"), &manner);
    load.more(events);
    let ledger = load.finish();
    server.kill();
    let steps = trace::read(&log);
    fs::remove_file(log).expect("the recording goes");
    let told = steps.iter().filter(|step| matches!(step, Step::Acknowledged { .. })).count();
    assert_eq!(told, ledger.count(), "the recording has every acknowledgement");
    Ok(Recording { before, steps })
}

pub fn flush_order(trial: &Trial) -> Outcome {
    let recording = record(trial, trial.pick(150, 2_000))?;
    let told = trace::flushes(&recording.steps);
    assert!(told.early.is_empty(), "{} acknowledged before the flush: {:?}", told.early.len(), told.early);
    // The same recording without its flushes must be found out, or nothing was proved.
    let unflushed: Vec<Step> =
        recording.steps.into_iter().filter(|step| !matches!(step, Step::Synced { .. })).collect();
    assert_eq!(trace::flushes(&unflushed).early.len(), told.acknowledged, "a missing flush is seen");
    Ok(format!(
        "{} acknowledged in {} transactions, each flushed first",
        told.acknowledged, told.transactions
    ))
}

pub fn power_cut(trial: &Trial) -> Outcome {
    let recording = record(trial, trial.pick(500, 2_000))?;
    let (cuts, steps) = (trial.pick(20, 200), &recording.steps);
    let mut chance = trial.chance("cuts");
    let answers: Vec<usize> = steps
        .iter()
        .enumerate()
        .filter(|(_, step)| matches!(step, Step::Acknowledged { .. }))
        .map(|(n, _)| n)
        .collect();
    let first = answers[0];
    // Half of them at the worst moment: just behind an acknowledgement.
    let mut at: Vec<usize> = (0..cuts)
        .map(|n| {
            if n % 2 == 0 {
                answers[chance.below(answers.len())]
            } else {
                first + chance.below(steps.len() - first)
            }
        })
        .collect();
    at.sort_unstable();
    let checkpoints = steps.iter().any(|step| matches!(step, Step::Write { file: File::Main, .. }));
    let folder = trial.folder().join("cut");
    let (mut remains, mut blind) =
        (Remains::of(recording.before.clone()), Remains::of(recording.before.clone()));
    let mut told = BTreeSet::new();
    let mut wanted = at.iter().peekable();
    for (number, step) in steps.iter().enumerate() {
        remains.heed(number, step, true);
        blind.heed(number, step, false);
        if let Step::Acknowledged { event } = step {
            told.insert(event.clone());
        }
        while wanted.next_if(|cut| **cut == number).is_some() {
            let kept = || match chance.below(4) {
                0 => Kept::Some(chance.next()),
                1 | 2 => Kept::Nothing,
                _ => Kept::All,
            };
            let found = look(&remains.lay_out(&folder, kept));
            let lost: Vec<&String> = told.difference(&found).collect();
            assert!(lost.is_empty(), "cut behind step {number}: {} lost, such as {:?}", lost.len(), lost[0]);
        }
    }
    // The same without flushes must lose something, or nothing was proved.
    let found = look(&blind.lay_out(&folder, || Kept::Nothing));
    assert!(found.len() < told.len(), "a disk that never flushes loses events");
    Ok(format!(
        "{cuts} cuts through {} steps, {} acknowledged, checkpoints within: {checkpoints}",
        steps.len(),
        told.len()
    ))
}

/// Opens what was left: it must be sound. Gives the events that are there with both of their deliveries.
fn look(main: &Path) -> BTreeSet<String> {
    let mut conn = SqliteConnection::establish(&main.display().to_string()).expect("the database opens");
    conn.batch_execute("PRAGMA journal_mode").expect("its journal is read");
    drop(conn);
    let database = Database::sqlite(main);
    let sound = database.rows(["integrity_check", "", "", ""], "FROM pragma_integrity_check");
    assert_eq!(sound[0][0], "ok", "{sound:?}");
    let sql = "FROM events e JOIN deliveries d ON d.event_id = e.id GROUP BY e.id HAVING count(*) = 2";
    database.rows(["e.id", "", "", ""], sql).into_iter().map(|[id, ..]| id).collect()
}
