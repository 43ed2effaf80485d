//! The audit log: one row for each change, in the change's own transaction, each bound to the one before.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::clock::Clock;
use crate::domain::id::{AuditId, BuId};
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::cx::{Actor, Cx};
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

/// Checks every row of the log. Rows that retention removed at its beginning are not missed.
pub fn verify(conn: &mut Conn) -> Result<Chain, Error> {
    let head = audit::head(conn)?;
    let (mut last, mut previous, mut count) = (0, None, 0);
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
            (last, previous, count) = (row.seq, Some(row.hash), count + 1);
        }
    }
    // An empty log keeps its head: only retention empties it.
    let ends = previous.is_none_or(|p| last == head.seq && p == head.hash);
    Ok(if ends { Chain::Whole { rows: count } } else { Chain::Broken { seq: last + 1 } })
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
            action: "thing.changed",
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
    fn a_change_that_is_rolled_back_leaves_no_row() {
        let world = World::new();
        let cx = world.operator();
        let undone = cx.write(|conn| record(&cx, conn, None, entry("a")).and(Err::<(), _>(Error::NotFound)));
        assert!(undone.is_err());
        cx.write(|conn| record(&cx, conn, None, entry("b"))).unwrap();
        assert_eq!(cx.read(verify).unwrap(), Chain::Whole { rows: 1 });
    }
}
