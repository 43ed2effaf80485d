//! Taking over from the dead: what their leases held is due again, and what may have ended them is set aside.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::domain::events::attempt::{Attempt, HeaderLines};
use crate::domain::events::cause::Cause;
use crate::domain::id::{DeliveryId, EndpointId, NodeId};
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::cx::Tools;
use crate::ops::events::handoff::{Handed, Outcome, SUSPECT_AFTER, Verdict};
use crate::ops::events::queue::due_now;
use crate::ops::events::route::LEASE;
use crate::store::dialect;
use crate::store::events::attempts;
use crate::store::events::deliveries::DeliveryRow;
use crate::store::events::queue::{self, Lease};
use crate::store::events::suspects::{self, SuspectRow};
use crate::store::pool::Conn;
use crate::store::webhooks::endpoints;

/// How many orphans one transaction takes over.
const ORPHANS: i64 = 500;

/// When orphaned deliveries are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// At the start of the process.
    Start,
    /// Every few seconds.
    Sweep,
}

/// So many of a dead node's deliveries to one endpoint may have been under way: a lane keeps their order, and
/// far fewer of it go at once.
const FRONT: usize = 64;

/// The first of each lane of the dead, by holder and endpoint: how many, and when the lease of the last ended.
#[derive(Default)]
struct Fronts(HashMap<(Option<NodeId>, EndpointId), (usize, Option<Ts>)>);

impl Fronts {
    /// Whether a row is among the first of its lane. They come in the order of their leases; those of one
    /// batch have the same.
    fn has(&mut self, row: &DeliveryRow) -> bool {
        let (count, last) = self.0.entry((row.lease_owner, row.endpoint_id)).or_default();
        if *count >= FRONT && *last != row.lease_until {
            return false;
        }
        *count += 1;
        *last = row.lease_until;
        true
    }
}

/// Orphans by what becomes of them.
#[derive(Default)]
struct Orphans {
    /// An attempt may have been under way: that is recorded, and they are due again.
    unknown: Vec<DeliveryRow>,
    /// Suspects of which no attempt had begun: due again as if nothing had been.
    unstarted: Vec<DeliveryRow>,
    /// Suspects of which one had begun: set aside.
    crashed: Vec<DeliveryRow>,
}

/// Takes over deliveries whose holder is gone; gives how many. At the start on SQLite every lease is such a
/// one: one process serves the file.
pub fn recover(tools: &Tools, when: Recovery) -> Result<usize, Error> {
    set_clock(tools)?;
    let now = due_now(tools);
    let all = when == Recovery::Start && tools.db.is_sqlite();
    // All of them, whatever the clock said when they were given.
    let before = if all { Ts(i64::MAX) } else { tools.clock.lease_now() };
    // What this call seizes to set aside is held by this node, and no orphan.
    let but = all.then_some(tools.node);
    let (mut done, mut fronts) = (0, Fronts::default());
    loop {
        let (count, crashed) = tools.db.write(|conn| {
            let rows = queue::orphans(conn, before, but, ORPHANS)?;
            take_over(tools, conn, &mut fronts, rows, now)
        })?;
        for outcome in crashed {
            tracing::error!(
                delivery = %outcome.handed.delivery,
                "a delivery ended its worker again and again, and is set aside"
            );
            tools.gatherer.settle(outcome);
        }
        done += count;
        if count < usize::try_from(ORPHANS).unwrap_or(usize::MAX) {
            return Ok(done);
        }
    }
}

/// Leases are counted by the server's clock where nodes share one, and evenly where there is none.
pub fn set_clock(tools: &Tools) -> Result<(), Error> {
    let server = tools.db.read(|conn| Ok::<_, Error>(dialect::server_now(conn)?))?;
    if let Some(server) = server {
        tools.clock.follow(server);
    } else if let Some(seconds) = tools.clock.jump() {
        tracing::warn!(seconds, "the machine's clock has jumped; leases go on as if it had not");
        if seconds < 0 {
            // What was made while it was ahead would wait until it is there again.
            tools.db.write(|conn| Ok::<_, Error>(queue::hasten(conn, tools.clock.now())?))?;
        }
    }
    Ok(())
}

/// One batch; gives how many, and what is to be settled once this is stored.
fn take_over(
    tools: &Tools,
    conn: &mut Conn,
    fronts: &mut Fronts,
    mut rows: Vec<DeliveryRow>,
    now: Ts,
) -> Result<(usize, Vec<Outcome>), Error> {
    rows.sort_by_key(|row| (row.lease_until, row.id));
    let count = rows.len();
    let known = suspects::of(conn, &ids(&rows))?;
    let urls = urls(conn, &rows)?;
    let orphans = sorted(rows, &known);
    let attempt = |row: &DeliveryRow, cause| {
        let url = urls.get(&row.endpoint_id).cloned().unwrap_or_default();
        interrupted(tools, row, url, cause)
    };
    let interrupted: Vec<Attempt> =
        orphans.unknown.iter().map(|row| attempt(row, Cause::Interrupted)).collect();
    attempts::insert(conn, interrupted.iter())?;
    queue::free(conn, &ids(&orphans.unknown), 1, now)?;
    let front: BTreeSet<DeliveryId> =
        orphans.unknown.iter().filter(|row| fronts.has(row)).map(|row| row.id).collect();
    suspects::count(conn, &front)?;
    queue::free(conn, &ids(&orphans.unstarted), 0, now)?;
    // Settled like any other end, under a number of this node's own: a late outcome changes nothing.
    queue::seize(
        conn,
        &ids(&orphans.crashed),
        Lease { node: tools.node, until: tools.clock.lease_now() + LEASE },
    )?;
    let ended = orphans.crashed.iter().map(|row| {
        let held = DeliveryRow { lease_no: row.lease_no + 1, ..row.clone() };
        let handed = Handed::new(&held, held.event_type.as_str().into(), Arc::default());
        let attempt = Some(attempt(row, Cause::WorkerCrash));
        Outcome { handed, attempt, verdict: Verdict::Exhausted }
    });
    Ok((count, ended.collect()))
}

/// Of several suspects that had begun when their holder died, any may have ended it: each goes once more,
/// alone.
fn sorted(rows: Vec<DeliveryRow>, known: &HashMap<DeliveryId, SuspectRow>) -> Orphans {
    let suspect = |row: &DeliveryRow| known.get(&row.id).filter(|s| s.crashes >= SUSPECT_AFTER);
    let had_begun = |row: &DeliveryRow| suspect(row).is_some_and(|s| s.started_lease == Some(row.lease_no));
    let mut begun: HashMap<Option<NodeId>, usize> = HashMap::new();
    for row in rows.iter().filter(|row| had_begun(row)) {
        *begun.entry(row.lease_owner).or_default() += 1;
    }
    let mut orphans = Orphans::default();
    for row in rows {
        let went_alone = suspect(&row).is_some_and(|s| s.crashes > SUSPECT_AFTER)
            || begun.get(&row.lease_owner).is_some_and(|count| *count == 1);
        let to = match (suspect(&row).is_some(), had_begun(&row)) {
            (true, false) => &mut orphans.unstarted,
            (true, true) if went_alone => &mut orphans.crashed,
            _ => &mut orphans.unknown,
        };
        to.push(row);
    }
    orphans
}

fn ids(rows: &[DeliveryRow]) -> Vec<DeliveryId> {
    rows.iter().map(|row| row.id).collect()
}

fn urls(conn: &mut Conn, rows: &[DeliveryRow]) -> Result<HashMap<EndpointId, String>, Error> {
    let endpoints: Vec<EndpointId> = rows.iter().map(|row| row.endpoint_id).collect();
    Ok(endpoints::with_webhooks(conn, &endpoints)?.into_iter().map(|(e, _)| (e.id, e.url)).collect())
}

fn interrupted(tools: &Tools, row: &DeliveryRow, url: String, cause: Cause) -> Attempt {
    let began = row.lease_until.map_or(row.created_at, |until| until - LEASE);
    Attempt {
        id: tools.clock.id(),
        delivery: row.id,
        bu: row.bu_id,
        endpoint: row.endpoint_id,
        number: row.attempts + row.interruptions + 1,
        started_at: began,
        duration_ms: 0,
        status: None,
        cause: Some(cause),
        detail: None,
        url,
        request_headers: HeaderLines::default(),
        response_headers: HeaderLines::default(),
        response_body: Vec::new(),
        response_cut: false,
    }
}
