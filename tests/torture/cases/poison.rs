//! P12: a delivery that ends the process is set aside after the third time, and all others arrive. When another
//! that was lost as often had begun beside it the third time, each goes once more alone: then it is the fourth.

use crate::rig::check::{end_leases, invariants};
use crate::rig::patience::{PATIENCE, pass, until, within};
use crate::rig::receiver::Receiver;
use crate::rig::trial::{NotRun, Outcome, Trial};
use serde_json::json;
use std::time::Duration;

const SWITCH: &str = "BELLWIRE_TEST_ABORT_ON";
const POISON: &str = "order.refunded";

pub fn run(trial: &Trial) -> Outcome {
    let program = std::fs::read(&trial.program).expect("the program");
    if !String::from_utf8_lossy(&program).contains(SWITCH) {
        return Err(NotRun(format!("this build of the program does not know {SWITCH}")));
    }
    let site = trial.site()?;
    let token = site.tenant("Acme");
    let receiver = Receiver::start();
    let env = [(SWITCH, POISON)];
    let mut server = site.serve_with(&[], &env);
    site.webhook(&token, POISON, &[receiver.url("/poison")], 30_000);
    site.webhook(&token, "order.completed", &[receiver.url("/in")], 30_000);
    let mut client = site.api(&token);
    let mut healthy = 0;
    let mut publish = |client: &mut crate::rig::client::Client, event: &str| {
        let body = json!({"type": event, "data": {"number": healthy}}).to_string();
        healthy += usize::from(event != POISON);
        client.publish(&format!("{event}-{healthy}"), body.as_bytes())
    };
    for _ in 0..20 {
        publish(&mut client, "order.completed");
    }
    publish(&mut client, POISON);
    // Whoever supervises the process starts it again.
    let parked = format!(
        "SELECT count(*) FROM deliveries WHERE event_type = '{POISON}' AND state = 'exhausted' AND cause = 'worker_crash'"
    );
    let tries = format!(
        "SELECT count(*) FROM attempts WHERE delivery_id IN (SELECT id FROM deliveries WHERE event_type = '{POISON}')"
    );
    for _ in 0..8 {
        let over = within(Duration::from_secs(20), || {
            if site.database.try_number(&parked) == Ok(1) {
                return Ok(true);
            }
            if server.is_running() { Err(()) } else { Ok(false) }
        });
        if over.expect("the process ends, or the delivery is set aside") {
            break;
        }
        pass(Duration::from_millis(100));
        if !site.database.is_sqlite() {
            end_leases(&site.database);
        }
        // It may die again before it says where it listens.
        if let Ok(next) = site.try_serve(&[], &env) {
            server = next;
        }
        publish(&mut client, "order.completed");
    }
    let crashes = site.database.number(&tries);
    assert_eq!(site.database.number(&parked), 1, "after {crashes} crashes the delivery is set aside");
    assert!((3..=4).contains(&crashes), "the third crash names it, or the fourth: {crashes}");
    assert!(server.is_running());
    publish(&mut client, "order.completed");
    let open =
        "SELECT count(*) FROM deliveries WHERE event_type = 'order.completed' AND state <> 'delivered'";
    until(PATIENCE, "all others are delivered", || site.database.try_number(open) == Ok(0));
    invariants(&site.database, 1);
    server.stop(PATIENCE);
    Ok(format!(
        "set aside after {crashes} crashes, {} others delivered",
        site.database.number("SELECT count(*) FROM deliveries WHERE event_type = 'order.completed'")
    ))
}
