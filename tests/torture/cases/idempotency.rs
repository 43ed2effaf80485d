//! P10: one key, one event, also for fifty at once and with a crash in between.

use crate::rig::check::{drained, end_leases, invariants};
use crate::rig::client::{Answer, Client};
use crate::rig::patience::{PATIENCE, pass};
use crate::rig::receiver::Receiver;
use crate::rig::trial::{Outcome, Trial};
use std::collections::BTreeMap;
use std::sync::Barrier;
use std::time::{Duration, Instant};

const AT_ONCE: usize = 50;

pub fn run(trial: &Trial) -> Outcome {
    let site = trial.site()?;
    let token = site.tenant("Acme");
    let receiver = Receiver::start();
    let mut server = site.serve();
    site.webhook(&token, "order.completed", &[receiver.url("/in")], 30_000);
    let keys = trial.pick(10, 200);
    let mut chance = trial.chance("kills");
    let mut ids: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let (mut kills, mut unanswered) = (0, 0);
    // How long fifty requests take when nothing is in their way: the kill comes within that time.
    let mut usual = Duration::from_millis(2);
    for key in 0..keys {
        let start = Barrier::new(AT_ONCE + 1);
        let with_kill = key % 2 == 1;
        let delay = chance.between(Duration::from_millis(1), usual);
        let began = Instant::now();
        let door = site.door.fixed();
        let answers: Vec<Option<String>> = std::thread::scope(|scope| {
            let posts: Vec<_> = (0..AT_ONCE)
                .map(|_| {
                    let (start, token, door) = (&start, &token, &door);
                    scope.spawn(move || {
                        let mut client = Client::new(door, token);
                        start.wait();
                        post(&mut client, key)
                    })
                })
                .collect();
            start.wait();
            if with_kill {
                pass(delay);
                server.kill();
                kills += 1;
            }
            posts.into_iter().map(|post| post.join().expect("a producer")).collect()
        });
        unanswered += answers.iter().filter(|answer| answer.is_none()).count();
        ids.entry(key).or_default().extend(answers.into_iter().flatten());
        if with_kill {
            server = site.serve();
        } else {
            usual = began.elapsed();
        }
        // Whoever got no answer asks again.
        let again = post(&mut site.api(&token), key).expect("an answer");
        ids.entry(key).or_default().push(again);
    }
    for (key, ids) in &ids {
        assert!(ids.iter().all(|id| *id == ids[0]), "key {key} has more than one event: {ids:?}");
    }
    let other = site.api(&token).publish("key-0", br#"{"type":"order.completed","data":{"number":999}}"#);
    assert!(matches!(other, Answer::Whole { status: 409, .. }), "another body under the same key: {other:?}");
    assert_eq!(
        site.database.number("SELECT count(*) FROM events WHERE source <> 'system'"),
        i64::try_from(keys).unwrap()
    );
    if !site.database.is_sqlite() {
        end_leases(&site.database);
    }
    drained(&site.database, PATIENCE);
    invariants(&site.database, 1);
    server.stop(PATIENCE);
    Ok(format!("{keys} keys of {AT_ONCE} requests at once, {kills} kills, {unanswered} without an answer"))
}

/// The id that was answered; none when no answer came.
fn post(client: &mut Client, key: usize) -> Option<String> {
    let body = format!(r#"{{"type":"order.completed","data":{{"number":{key}}}}}"#);
    match client.publish(&format!("key-{key}"), body.as_bytes()) {
        Answer::Whole { status: 202, body, .. } => {
            let text = String::from_utf8_lossy(&body).into_owned();
            Some(text.split('"').find(|word| word.starts_with("evt_")).expect("an id").to_owned())
        }
        Answer::Whole { status, body, .. } => panic!("{status}: {}", String::from_utf8_lossy(&body)),
        Answer::Torn | Answer::None => None,
    }
}
