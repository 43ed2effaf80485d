//! Table `tokens`: API credentials of business units. Only digests of the secrets are kept.

use diesel::prelude::*;

use crate::domain::access::partner::PartnerNumber;
use crate::domain::access::permission::Scopes;
use crate::domain::id::{BuId, TokenId, UserId};
use crate::domain::time::Ts;
use crate::store::dialect;
use crate::store::pool::Conn;
use crate::store::schema::{business_units, tokens};

/// Tokens are made one at a time, so that names stay unique.
const LOCK: i64 = 0x6265_6c03;

/// A token as lists show it.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = tokens)]
pub struct TokenRow {
    /// Its id.
    pub id: TokenId,
    /// The tenant.
    pub bu_id: BuId,
    /// Its name.
    pub name: String,
    /// The last four characters of the secret.
    pub last_four: String,
    /// What it was made for.
    pub scopes: Scopes,
    /// The login that made it.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: Ts,
    /// When it stops working; never when `None`.
    pub expires_at: Option<Ts>,
    /// When it was deleted.
    pub revoked_at: Option<Ts>,
    /// The token it succeeds.
    pub replaces: Option<TokenId>,
    /// When it was last used, at most a minute late.
    pub last_used_at: Option<Ts>,
    /// From which address.
    pub last_used_ip: Option<String>,
    /// By which client.
    pub last_used_agent: Option<String>,
}

/// A token to store.
#[derive(Insertable)]
#[diesel(table_name = tokens)]
#[diesel(treat_none_as_default_value = false)]
pub struct NewToken {
    /// Its id.
    pub id: TokenId,
    /// The tenant.
    pub bu_id: BuId,
    /// Its name.
    pub name: String,
    /// The keyed hash of the secret.
    pub digest: Vec<u8>,
    /// The last four characters of the secret.
    pub last_four: String,
    /// The names of its scopes, separated by spaces.
    pub scopes: String,
    /// The login that makes it.
    pub created_by: Option<UserId>,
    /// When it is made.
    pub created_at: Ts,
    /// When it stops working.
    pub expires_at: Option<Ts>,
    /// The token it succeeds.
    pub replaces: Option<TokenId>,
    /// The form it is made with, when a page made it.
    pub form_id: Option<String>,
}

/// A token as found by its secret, with the unit it belongs to.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = tokens)]
pub struct Presented {
    /// The token.
    #[diesel(embed)]
    pub token: TokenRow,
    /// The keyed hash of its secret.
    pub digest: Vec<u8>,
    /// The unit's partner.
    #[diesel(select_expression = business_units::partner_id)]
    pub partner: PartnerNumber,
    /// Whether API access is part of the unit's plan.
    #[diesel(select_expression = business_units::api_access)]
    pub api_access: bool,
}

/// Stores a token.
pub fn insert(conn: &mut Conn, row: &NewToken) -> QueryResult<()> {
    diesel::insert_into(tokens::table).values(row).execute(conn).map(drop)
}

/// The names of these tokens of `bu`, revoked ones too.
pub fn names(conn: &mut Conn, bu: BuId, ids: &[TokenId]) -> QueryResult<Vec<(TokenId, String)>> {
    tokens::table
        .filter(tokens::id.eq_any(ids).and(tokens::bu_id.eq(bu)))
        .select((tokens::id, tokens::name))
        .load(conn)
}

/// Whether a token of `bu` that works at `now` has this name. Others who ask wait until the transaction
/// ends.
pub fn is_name_taken(conn: &mut Conn, bu: BuId, name: &str, now: Ts) -> QueryResult<bool> {
    dialect::lock(conn, LOCK)?;
    diesel::select(diesel::dsl::exists(
        tokens::table
            .filter(tokens::bu_id.eq(bu).and(tokens::name.eq(name)).and(tokens::revoked_at.is_null()))
            .filter(tokens::expires_at.is_null().or(tokens::expires_at.gt(now))),
    ))
    .get_result(conn)
}

/// Whether a token was made with this form. Others who ask wait until the transaction ends.
pub fn is_form_used(conn: &mut Conn, form_id: &str) -> QueryResult<bool> {
    dialect::lock(conn, LOCK)?;
    diesel::select(diesel::dsl::exists(tokens::table.filter(tokens::form_id.eq(form_id)))).get_result(conn)
}

/// The token whose secret has one of these digests, whatever its state.
pub fn by_digest(conn: &mut Conn, digests: &[Vec<u8>]) -> QueryResult<Option<Presented>> {
    tokens::table
        .inner_join(business_units::table.on(business_units::id.eq(tokens::bu_id)))
        .filter(tokens::digest.eq_any(digests))
        .select(Presented::as_select())
        .first(conn)
        .optional()
}

/// A token that was found by its secret before, as it is now.
pub fn presented(conn: &mut Conn, id: TokenId) -> QueryResult<Option<Presented>> {
    tokens::table
        .inner_join(business_units::table.on(business_units::id.eq(tokens::bu_id)))
        .filter(tokens::id.eq(id))
        .select(Presented::as_select())
        .first(conn)
        .optional()
}

/// One token of `bu`.
pub fn find(conn: &mut Conn, bu: BuId, id: TokenId) -> QueryResult<Option<TokenRow>> {
    tokens::table.find(id).filter(tokens::bu_id.eq(bu)).select(TokenRow::as_select()).first(conn).optional()
}

/// The tokens of `bu` that were not deleted, newest first. A unit has dozens, not a history.
pub fn list(conn: &mut Conn, bu: BuId) -> QueryResult<Vec<TokenRow>> {
    tokens::table
        .filter(tokens::bu_id.eq(bu).and(tokens::revoked_at.is_null()))
        .select(TokenRow::as_select())
        .order(tokens::id.desc())
        .load(conn)
}

/// Deletes a token of `bu`; whether it was there and not deleted yet.
pub fn revoke(conn: &mut Conn, bu: BuId, id: TokenId, now: Ts) -> QueryResult<bool> {
    let live = tokens::table.find(id).filter(tokens::bu_id.eq(bu).and(tokens::revoked_at.is_null()));
    diesel::update(live).set(tokens::revoked_at.eq(Some(now))).execute(conn).map(|n| n == 1)
}

/// Lets a token of `bu` work until `at` and no longer.
pub fn end_at(conn: &mut Conn, bu: BuId, id: TokenId, at: Ts) -> QueryResult<()> {
    diesel::update(tokens::table.find(id).filter(tokens::bu_id.eq(bu)))
        .set(tokens::expires_at.eq(Some(at)))
        .execute(conn)
        .map(drop)
}

/// Lets a token of `bu` do no more than this.
pub fn set_scopes(conn: &mut Conn, bu: BuId, id: TokenId, scopes: Scopes) -> QueryResult<()> {
    diesel::update(tokens::table.find(id).filter(tokens::bu_id.eq(bu)))
        .set(tokens::scopes.eq(scopes.to_text()))
        .execute(conn)
        .map(drop)
}

/// Whether a token that was not deleted succeeds this one of `bu`. Others who ask wait until the
/// transaction ends.
pub fn has_successor(conn: &mut Conn, bu: BuId, id: TokenId) -> QueryResult<bool> {
    dialect::lock(conn, LOCK)?;
    diesel::select(diesel::dsl::exists(
        tokens::table
            .filter(tokens::bu_id.eq(bu).and(tokens::replaces.eq(Some(id))))
            .filter(tokens::revoked_at.is_null()),
    ))
    .get_result(conn)
}

/// The first token that was made to succeed this one of `bu`, deleted or not.
pub fn first_successor(conn: &mut Conn, bu: BuId, id: TokenId) -> QueryResult<Option<TokenRow>> {
    tokens::table
        .filter(tokens::bu_id.eq(bu).and(tokens::replaces.eq(Some(id))))
        .select(TokenRow::as_select())
        .order(tokens::id)
        .first(conn)
        .optional()
}

/// Notes a use of a token of `bu`, unless one was noted after `unless_since`.
pub fn touch(
    conn: &mut Conn,
    (bu, id): (BuId, TokenId),
    (now, unless_since): (Ts, Ts),
    ip: Option<&str>,
    agent: Option<&str>,
) -> QueryResult<()> {
    let stale = tokens::table
        .find(id)
        .filter(tokens::bu_id.eq(bu))
        .filter(tokens::last_used_at.is_null().or(tokens::last_used_at.le(unless_since)));
    diesel::update(stale)
        .set((
            tokens::last_used_at.eq(Some(now)),
            tokens::last_used_ip.eq(ip),
            tokens::last_used_agent.eq(agent),
        ))
        .execute(conn)
        .map(drop)
}
