//! The audit log of a business unit, as its page shows it and its export hands it out.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::domain::id::{BuId, ProgrammeId, TeamId, TokenId, UserId, WebhookId};
use crate::domain::page::Page;
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::authorize::authorize_admin;
use crate::ops::cx::Cx;
use crate::ops::system::audit::{Entry, record};
use crate::store::access::{memberships, programmes, teams, tokens, users};
use crate::store::pool::Conn;
use crate::store::system::audit::{self, AuditPart, AuditRow};
use crate::store::webhooks::webhooks;

/// Which rows are looked for.
#[derive(Debug, Clone, Default)]
pub struct TrailQuery {
    /// Only by this login (its number or id), token (its id), or by `operator` or `system`.
    pub actor: Option<String>,
    /// Only of this kind: `token.created`.
    pub action: Option<String>,
    /// Only to this thing: its id, or the number of a login.
    pub target: Option<String>,
    /// Only from this moment on.
    pub from: Option<Ts>,
    /// Only up to this moment.
    pub to: Option<Ts>,
    /// Only rows before this place.
    pub before: Option<i64>,
    /// How many at the most.
    pub limit: usize,
}

/// A row with the names that people know.
#[derive(Debug, Clone)]
pub struct TrailRow {
    /// The row.
    pub row: AuditRow,
    /// The number of the login that did it.
    pub number: Option<i64>,
    /// Its e-mail address, when it is a global partner's.
    pub global: Option<String>,
    /// The name of what it was done to, as it was then or is now.
    pub target: Option<String>,
    /// What it was before.
    pub before: Option<Value>,
    /// What it was after.
    pub after: Option<Value>,
}

/// The rows of `bu` that fit, newest first. For the operator and admins.
pub fn page(cx: &Cx, bu: BuId, query: &TrailQuery) -> Result<Page<TrailRow>, Error> {
    cx.read(|conn| {
        authorize_admin(cx, conn, bu)?;
        let Some(part) = part(conn, query)? else { return Ok(Page { rows: Vec::new(), more: false }) };
        let most = i64::try_from(query.limit).unwrap_or(i64::MAX).saturating_add(1);
        let page = Page::cut(audit::part(conn, bu, &part, most)?, query.limit);
        Ok(Page { more: page.more, rows: views(conn, bu, page.rows)? })
    })
}

/// Notes that somebody takes the log away, and passes who may. Call it before the first row is handed out.
pub fn begin_export(cx: &Cx, bu: BuId, format: &'static str, query: &TrailQuery) -> Result<(), Error> {
    cx.write(|conn| {
        authorize_admin(cx, conn, bu)?;
        let after = json!({
            "format": format,
            "actor": query.actor,
            "action": query.action,
            "target": query.target,
            "from": query.from.map(|at| at.to_string()),
            "to": query.to.map(|at| at.to_string()),
        });
        let entry = Entry {
            action: "audit.exported",
            target_kind: "audit",
            target_id: bu.to_string(),
            before: None,
            after: Some(after),
        };
        record(cx, conn, Some(bu), entry)
    })
}

/// What is asked of the table; `None` when nothing can fit.
fn part(conn: &mut Conn, query: &TrailQuery) -> Result<Option<AuditPart>, Error> {
    let mut part = AuditPart {
        action: query.action.clone(),
        from: query.from,
        to: query.to,
        before: query.before,
        ..AuditPart::default()
    };
    // Not every database takes it, and no action holds it.
    if part.action.as_deref().is_some_and(|action| action.contains('\0')) {
        return Ok(None);
    }
    match query.actor.as_deref() {
        Some(kind @ ("operator" | "system")) => part.actor_kind = Some(kind.to_owned()),
        Some(text) => match named(conn, text)? {
            Some(id) => part.actor = Some(id),
            None => return Ok(None),
        },
        None => {}
    }
    if let Some(text) = query.target.as_deref() {
        match named(conn, text)? {
            Some(id) => part.target = Some(id),
            None => return Ok(None),
        }
    }
    Ok(Some(part))
}

/// The id that a text names: itself, or the login with this number. Rows of other units are never among those
/// that are found with it.
fn named(conn: &mut Conn, text: &str) -> Result<Option<String>, Error> {
    let text = text.trim();
    Ok(match text.parse::<i64>() {
        Ok(number) => users::by_number(conn, number)?.map(|(id, _)| id.to_string()),
        Err(_) => Some(text.to_owned()).filter(|text| text.len() <= 100 && !text.contains('\0')),
    })
}

fn views(conn: &mut Conn, bu: BuId, rows: Vec<AuditRow>) -> Result<Vec<TrailRow>, Error> {
    let actors: Vec<UserId> = rows
        .iter()
        .filter(|row| row.actor_kind == "user")
        .filter_map(|row| row.actor_id.as_deref()?.parse().ok())
        .collect();
    let numbers: HashMap<UserId, i64> = users::numbers(conn, &actors)?.into_iter().collect();
    let global: HashMap<UserId, String> = memberships::global_among(conn, &actors)?.into_iter().collect();
    let names = names(conn, bu, &rows)?;
    let json = |text: &Option<String>| text.as_deref().and_then(|text| serde_json::from_str(text).ok());
    Ok(rows
        .into_iter()
        .map(|row| {
            let actor: Option<UserId> = row.actor_id.as_deref().and_then(|id| id.parse().ok());
            let (before, after): (Option<Value>, Option<Value>) = (json(&row.before), json(&row.after));
            let then = [&before, &after].into_iter().flatten().find_map(|value| value["name"].as_str());
            TrailRow {
                number: actor.and_then(|id| numbers.get(&id).copied()),
                global: actor.and_then(|id| global.get(&id).cloned()),
                target: then.map(str::to_owned).or_else(|| names.get(&row.target_id).cloned()),
                row,
                before,
                after,
            }
        })
        .collect())
}

/// The names of things of `bu`, by id.
fn names(conn: &mut Conn, bu: BuId, rows: &[AuditRow]) -> Result<HashMap<String, String>, Error> {
    fn ids<I: std::str::FromStr>(rows: &[AuditRow], kind: &str) -> Vec<I> {
        let of_kind = rows.iter().filter(|row| row.target_kind == kind);
        of_kind.filter_map(|row| row.target_id.parse().ok()).collect()
    }
    let mut names = HashMap::new();
    let webhook_ids: Vec<WebhookId> = ids(rows, "webhook");
    for (id, name) in webhooks::names(conn, bu, &webhook_ids)? {
        names.insert(id.to_string(), name);
    }
    let team_ids: Vec<TeamId> = ids(rows, "team");
    for (id, name) in teams::names(conn, bu, &team_ids)? {
        names.insert(id.to_string(), name);
    }
    let programme_ids: Vec<ProgrammeId> = ids(rows, "programme");
    for (id, name) in programmes::names(conn, bu, &programme_ids)? {
        names.insert(id.to_string(), name);
    }
    let token_ids: Vec<TokenId> = ids(rows, "token");
    for (id, name) in tokens::names(conn, bu, &token_ids)? {
        names.insert(id.to_string(), name);
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::user::Role;
    use crate::ops::access::teams as team_ops;
    use crate::ops::testing::{World, is_not_found};

    fn found(cx: &Cx, bu: BuId, query: TrailQuery) -> Vec<String> {
        let page = page(cx, bu, &TrailQuery { limit: 50, ..query }).unwrap();
        page.rows
            .into_iter()
            .map(|row| format!("{} {}", row.row.action, row.target.unwrap_or_default()))
            .collect()
    }

    #[test]
    fn rows_are_found_by_who_did_what_to_what_and_when() {
        let world = World::new();
        let (ours, theirs) = (world.channel("Ours"), world.channel("Theirs"));
        let bu = ours.bu.unwrap();
        let admin = world.login(ours.partner, Role::Admin);
        let team = team_ops::create(&admin, bu, "Support").unwrap().id;
        let start = admin.now;
        world.tools.clock.advance(std::time::Duration::from_hours(3));
        let later = Cx { now: world.tools.clock.now(), ..admin.clone() };
        team_ops::rename(&later, bu, team, "Helpers").unwrap();
        let number = match &admin.actor {
            crate::ops::cx::Actor::Login(login) => login.number.to_string(),
            _ => unreachable!(),
        };
        let by = TrailQuery { actor: Some(number), ..TrailQuery::default() };
        assert_eq!(found(&admin, bu, by), ["team.renamed Support", "team.created Support"]);
        let action = TrailQuery { action: Some("team.renamed".into()), ..TrailQuery::default() };
        assert_eq!(found(&admin, bu, action), ["team.renamed Support"]);
        let target = TrailQuery { target: Some(team.to_string()), ..TrailQuery::default() };
        assert_eq!(found(&admin, bu, target).len(), 2);
        let early = TrailQuery { to: Some(start), actor: None, ..TrailQuery::default() };
        assert!(found(&admin, bu, early).iter().all(|row| !row.contains("renamed")));
        let late = TrailQuery { from: Some(later.now), ..TrailQuery::default() };
        assert_eq!(found(&admin, bu, late), ["team.renamed Support"]);
        let nobody = TrailQuery { actor: Some("999999".into()), ..TrailQuery::default() };
        assert!(found(&admin, bu, nobody).is_empty());
        let system = TrailQuery { actor: Some("operator".into()), ..TrailQuery::default() };
        assert_eq!(found(&admin, bu, system), ["partner.created Ours"]);

        let developer = world.login(ours.partner, Role::Developer);
        let refused = page(&developer, bu, &TrailQuery::default());
        assert!(matches!(refused, Err(Error::Forbidden(_))));
        let stranger = world.login(theirs.partner, Role::Owner);
        assert!(is_not_found(&page(&stranger, bu, &TrailQuery::default())));
    }
}
