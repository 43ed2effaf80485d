//! The audit log: one row for each change, in the change's own transaction, each bound to the one before.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::clock::Clock;
use crate::domain::id::{AuditId, BuId};
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::authorize::operator_only;
use crate::ops::cx::{Actor, Cx};
use crate::ops::system::actions;
use crate::store::pool::Conn;
use crate::store::system::audit::{self, AuditRow};

/// How many rows the check reads at a time.
const PART: i64 = 1_000;

/// What was done, to what. Values hold no secrets: a changed secret stands as `"changed"`.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What was done: `token.created`.
    pub action: &'static str,
    /// What kind of thing it was done to: `token`.
    pub target_kind: &'static str,
    /// Which one.
    pub target_id: String,
    /// What it was before.
    pub before: Option<Value>,
    /// What it was after.
    pub after: Option<Value>,
}

/// What the check of the whole log found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chain {
    /// Every row is as it was written.
    Whole {
        /// How many there are.
        rows: i64,
    },
    /// Something was changed or removed at this place.
    Broken {
        /// The first place that does not fit.
        seq: i64,
    },
}

/// Who did it, and where from.
struct By {
    kind: &'static str,
    id: Option<String>,
    name: String,
    ip: Option<String>,
    request_id: Option<String>,
}

/// Writes one row in the transaction of the change. Call it last: from here on to the commit other writers
/// wait for their place in the log.
pub fn record(cx: &Cx, conn: &mut Conn, bu: Option<BuId>, entry: Entry) -> Result<(), Error> {
    let (kind, id, name) = match &cx.actor {
        Actor::Login(login) => ("user", Some(login.user.to_string()), login.name.clone()),
        Actor::Token(token) => ("token", Some(token.token.to_string()), token.name.clone()),
        Actor::Operator => ("operator", None, "Operator".to_owned()),
        Actor::System => ("system", None, "Bellwire".to_owned()),
    };
    let by = By { kind, id, name, ip: cx.source.ip.clone(), request_id: cx.source.request_id.clone() };
    append(conn, by, (cx.id(), cx.now), bu, entry)
}

/// The same for what Bellwire does of itself, now.
pub fn record_own(clock: &Clock, conn: &mut Conn, bu: Option<BuId>, entry: Entry) -> Result<(), Error> {
    let by = By { kind: "system", id: None, name: "Bellwire".to_owned(), ip: None, request_id: None };
    append(conn, by, (clock.id(), clock.now()), bu, entry)
}

fn append(
    conn: &mut Conn,
    by: By,
    (id, at): (AuditId, Ts),
    bu: Option<BuId>,
    entry: Entry,
) -> Result<(), Error> {
    if !actions::is_known(entry.action) {
        return Err(Error::Internal(format!("{} is in no list of actions", entry.action)));
    }
    let place = audit::take_place(conn)?;
    let mut row = AuditRow {
        seq: place.seq,
        id,
        at,
        bu_id: bu,
        actor_kind: by.kind.to_owned(),
        actor_id: by.id,
        actor_name: by.name,
        action: entry.action.to_owned(),
        target_kind: entry.target_kind.to_owned(),
        target_id: entry.target_id,
        before: entry.before.map(|v| v.to_string()),
        after: entry.after.map(|v| v.to_string()),
        ip: by.ip,
        request_id: by.request_id,
        previous_hash: place.hash,
        hash: String::new(),
    };
    row.hash = hash(&row);
    Ok(audit::append(conn, &row)?)
}

/// Gives every row of the log to `each`, oldest first, as JSON. For the operator at the command line.
pub fn export(cx: &Cx, mut each: impl FnMut(Value)) -> Result<(), Error> {
    operator_only(cx)?;
    let end = cx.read(|conn| Ok(audit::head(conn)?.seq))?;
    let mut last = 0;
    loop {
        let rows = cx.read(|conn| Ok(audit::rows(conn, last, end, PART)?))?;
        let Some(newest) = rows.last() else { return Ok(()) };
        last = newest.seq;
        rows.iter().map(exported).for_each(&mut each);
    }
}

fn exported(row: &AuditRow) -> Value {
    let json = |text: &Option<String>| text.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let (before, after): (Option<Value>, Option<Value>) = (json(&row.before), json(&row.after));
    json!({
        "seq": row.seq,
        "id": row.id,
        "at": row.at.to_string(),
        "business_unit": row.bu_id,
        "actor": {"kind": row.actor_kind, "id": row.actor_id, "name": row.actor_name},
        "action": row.action,
        "target": {"kind": row.target_kind, "id": row.target_id},
        "before": before,
        "after": after,
        "ip": row.ip,
        "request_id": row.request_id,
        "previous_hash": row.previous_hash,
        "hash": row.hash,
    })
}

/// The action of the row that tells of a cut.
const SHORTENED: &str = "audit.shortened";

/// Removes the first rows of the log that are from before `before`, at most `limit`, and notes in the log itself up to
/// where; gives how many went. The rows that stay can be checked: the first of them is bound to the hash that was
/// noted.
pub fn shorten(clock: &Clock, conn: &mut Conn, before: Ts, limit: i64) -> Result<usize, Error> {
    let Some((last, removed)) = audit::shorten(conn, before, limit)? else { return Ok(0) };
    let entry = Entry {
        action: SHORTENED,
        target_kind: "audit",
        target_id: last.seq.to_string(),
        before: None,
        after: Some(json!({"rows": removed, "up_to": last.seq, "hash": last.hash})),
    };
    record_own(clock, conn, None, entry)?;
    Ok(removed)
}

/// Checks every row of the log. It begins with the first row that was ever written, or behind the last one of which
/// the log itself says that retention removed it.
pub fn verify(conn: &mut Conn) -> Result<Chain, Error> {
    let head = audit::head(conn)?;
    let (mut last, mut previous, mut count) = (0, None, 0);
    let (mut begins, mut cut) = (None, (0, String::new()));
    loop {
        let rows = audit::rows(conn, last, head.seq, PART)?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let follows = previous.as_ref().is_none_or(|p| row.seq == last + 1 && row.previous_hash == *p);
            if !follows || hash(&row) != row.hash {
                return Ok(Chain::Broken { seq: row.seq });
            }
            begins.get_or_insert((row.seq - 1, row.previous_hash.clone()));
            cut = told_cut(&row).unwrap_or(cut);
            (last, previous, count) = (row.seq, Some(row.hash), count + 1);
        }
    }
    if previous.is_none() {
        return Ok(if head.seq == 0 { Chain::Whole { rows: 0 } } else { Chain::Broken { seq: 1 } });
    }
    if begins.is_some_and(|begins| begins != cut) {
        return Ok(Chain::Broken { seq: cut.0 + 1 });
    }
    let ends = previous.is_some_and(|p| last == head.seq && p == head.hash);
    Ok(if ends { Chain::Whole { rows: count } } else { Chain::Broken { seq: last + 1 } })
}

/// Up to where a row says that retention removed rows, and the hash of the last of those.
fn told_cut(row: &AuditRow) -> Option<(i64, String)> {
    let told: Value = serde_json::from_str(row.after.as_deref().filter(|_| row.action == SHORTENED)?).ok()?;
    Some((told.get("up_to")?.as_i64()?, told.get("hash")?.as_str()?.to_owned()))
}

/// SHA-256 in hex over every field but the hash, as a JSON array: no two rows share a text.
fn hash(row: &AuditRow) -> String {
    let text = json!([
        row.seq,
        row.id,
        row.at.0,
        row.bu_id,
        row.actor_kind,
        row.actor_id,
        row.actor_name,
        row.action,
        row.target_kind,
        row.target_id,
        row.before,
        row.after,
        row.ip,
        row.request_id,
        row.previous_hash,
    ]);
    hex::encode(Sha256::digest(text.to_string().as_bytes()))
}

#[cfg(test)]
mod tests {
    use diesel::RunQueryDsl;

    use super::*;
    use crate::ops::testing::World;

    fn entry(target: &str) -> Entry {
        Entry {
            action: "team.renamed",
            target_kind: "thing",
            target_id: target.to_owned(),
            before: None,
            after: Some(json!({"name": target})),
        }
    }

    fn tamper(world: &World, sql: &str) -> Result<usize, Error> {
        world.operator().write(|conn| Ok(diesel::sql_query(sql).execute(conn)?))
    }

    #[test]
    fn the_log_takes_no_changes_and_tells_of_those_made_around_it() {
        let world = World::new();
        let cx = world.operator();
        for target in ["a", "b", "c"] {
            cx.write(|conn| record(&cx, conn, None, entry(target))).unwrap();
        }
        assert_eq!(cx.read(verify).unwrap(), Chain::Whole { rows: 3 });
        assert!(tamper(&world, "UPDATE audit SET actor_name = 'x' WHERE seq = 2").is_err());
        assert!(tamper(&world, "DELETE FROM audit WHERE seq = 2").is_err());
        tamper(&world, "DROP TRIGGER audit_keeps_its_rows").unwrap();
        tamper(&world, "DROP TRIGGER audit_loses_no_rows").unwrap();
        tamper(&world, "UPDATE audit SET actor_name = 'x' WHERE seq = 2").unwrap();
        assert_eq!(cx.read(verify).unwrap(), Chain::Broken { seq: 2 });
        tamper(&world, "UPDATE audit SET actor_name = 'Operator' WHERE seq = 2").unwrap();
        assert_eq!(cx.read(verify).unwrap(), Chain::Whole { rows: 3 });
        tamper(&world, "DELETE FROM audit WHERE seq = 3").unwrap();
        assert_eq!(cx.read(verify).unwrap(), Chain::Broken { seq: 3 });
    }

    #[test]
    fn what_retention_removes_is_noted_and_the_rest_is_checked() {
        let world = World::new();
        let write = |target: &str| {
            let cx = world.operator();
            cx.write(|conn| record(&cx, conn, None, entry(target))).unwrap();
        };
        let cut = |before| {
            let clock = &world.tools.clock;
            world.operator().write(|conn| shorten(clock, conn, before, 2)).unwrap()
        };
        let found = || world.operator().read(verify).unwrap();
        for target in ["a", "b", "c"] {
            write(target);
        }
        let start = world.operator().now;
        assert_eq!(cut(start), 0);
        world.tools.clock.advance(std::time::Duration::from_hours(1));
        write("d");
        let later = world.operator().now;
        assert_eq!((cut(later), cut(later), cut(later)), (2, 1, 0), "in batches, and only what is old");
        assert_eq!(found(), Chain::Whole { rows: 3 });
        assert!(tamper(&world, "DELETE FROM audit").is_err(), "nothing else removes rows");
        tamper(&world, "DROP TRIGGER audit_loses_no_rows").unwrap();
        tamper(&world, "DELETE FROM audit WHERE seq = 4").unwrap();
        assert_eq!(found(), Chain::Broken { seq: 4 }, "a cut that the log does not tell of");
        tamper(&world, "DELETE FROM audit").unwrap();
        assert_eq!(found(), Chain::Broken { seq: 1 });
    }

    #[test]
    fn a_change_that_is_rolled_back_leaves_no_row() {
        let world = World::new();
        let cx = world.operator();
        let undone = cx.write(|conn| record(&cx, conn, None, entry("a")).and(Err::<(), _>(Error::NotFound)));
        assert!(undone.is_err());
        cx.write(|conn| record(&cx, conn, None, entry("b"))).unwrap();
        assert_eq!(cx.read(verify).unwrap(), Chain::Whole { rows: 1 });
    }
}
