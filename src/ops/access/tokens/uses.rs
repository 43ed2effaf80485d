//! Which scopes of a token were used of late, and how often: stored as requests come, read for the page.

use std::collections::HashMap;
use std::time::Duration;

use crate::domain::access::permission::Scopes;
use crate::domain::id::{BuId, TokenId};
use crate::domain::time::Ts;
use crate::ops::Error;
use crate::ops::cx::Tools;
use crate::store::access::token_uses::{self, Uses};
use crate::store::pool::Conn;
use crate::store::system::settings;

/// A scope that was not used for so long is not needed.
pub const SCOPE_IDLE: Duration = Duration::from_hours(30 * 24);
/// Under which name the settings tell since when uses are counted.
const COUNTED_SINCE: &str = "token_uses_since";

/// What tokens did within the last [`SCOPE_IDLE`].
pub(super) struct Counted {
    since: Option<Ts>,
    used: HashMap<TokenId, (Scopes, i64)>,
}

impl Counted {
    /// What the tokens of `bu` did.
    pub(super) fn of_unit(conn: &mut Conn, bu: BuId, now: Ts) -> Result<Self, Error> {
        let since = settings::get(conn, COUNTED_SINCE)?.and_then(|text| text.parse().ok()).map(Ts);
        let mut used: HashMap<TokenId, (Scopes, i64)> = HashMap::new();
        for one in token_uses::of_unit(conn, bu, (now - SCOPE_IDLE).day())? {
            let (scopes, calls) = used.entry(one.token).or_default();
            *scopes = scopes.with(one.scope);
            *calls += one.uses;
        }
        Ok(Self { since, used })
    }

    /// How often a token was used.
    pub(super) fn calls(&self, token: TokenId) -> i64 {
        self.used.get(&token).map_or(0, |(_, calls)| *calls)
    }

    /// The scopes among `granted` that the token did not need. None while it is too early to tell, and none
    /// when it needed nothing at all: such a token is unused itself.
    pub(super) fn idle(&self, token: TokenId, granted: Scopes, created: Ts, now: Ts) -> Scopes {
        let long_enough = |since: Ts| since + SCOPE_IDLE <= now;
        let told = long_enough(created) && self.since.is_some_and(long_enough);
        let used = self.used.get(&token).map(|(used, _)| used.intersect(granted));
        used.filter(|used| told && !used.is_empty())
            .map_or_else(Scopes::default, |used| granted.without(used))
    }
}

/// Stores the uses that are due, or all that are counted. One that cannot be stored is no reason to refuse
/// the request. Blocks.
pub fn store_uses(tools: &Tools, all: bool) {
    let now = tools.clock.now();
    if !all && !tools.known.uses.is_due() {
        return;
    }
    let due = tools.known.uses.take(now, all);
    if due.is_empty() {
        return;
    }
    let rows: Vec<Uses> =
        due.iter().map(|&(token, scope, uses)| Uses { token, scope, day: now.day(), uses }).collect();
    let mut tokens: Vec<TokenId> = due.iter().map(|(token, ..)| *token).collect();
    tokens.dedup();
    let stored = tools.db.write(|conn| {
        settings::set_once(conn, COUNTED_SINCE, &now.0.to_string())?;
        token_uses::forget(conn, &tokens, (now - SCOPE_IDLE).day())?;
        Ok::<_, Error>(token_uses::add(conn, &rows)?)
    });
    if let Err(error) = stored {
        tools.known.uses.put_back(due);
        tracing::warn!(%error, "uses of tokens were not stored");
    }
}
