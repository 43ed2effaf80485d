//! Turning a second factor on and off, and its recovery codes.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest, Sha256};
use totp_rs::TotpError;
use zeroize::Zeroizing;

use super::proof::{examine, redeem, seal};
use crate::domain::access::second_factor::{Key, RECOVERY_CHARS, RECOVERY_CODES, RecoveryCode, Typed};
use crate::domain::access::user::canonical_email;
use crate::domain::id::UserId;
use crate::keys::{random, random_bytes};
use crate::ops::access::password::HashError;
use crate::ops::access::recovery;
use crate::ops::access::sign_in::{Buckets, Renewed, SignInError, prove_password, renew, require_recent};
use crate::ops::cx::{Actor, Cx, Login};
use crate::ops::system::audit::{Entry, record};
use crate::ops::{Error, Refusal};
use crate::store::access::{memberships, second_factors as stored, sessions, users};
use crate::store::pool::Conn;

/// A second factor that is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// How many recovery codes are left.
    pub codes_left: usize,
    /// Which set of codes that is; another one has another name.
    pub set: String,
}

/// A key that a person may put into an app; nothing is stored until a code of it comes back.
pub struct Proposal {
    /// The key as people type it.
    pub key: Zeroizing<String>,
    /// What the picture says: `otpauth://totp/…`.
    pub address: Zeroizing<String>,
    /// The key, sealed for this session, to come back with the code.
    pub sealed: String,
}

/// A second factor that was turned on.
pub struct Enabled {
    /// The session goes on under this cookie.
    pub renewed: Renewed,
    /// The recovery codes, told once.
    pub codes: Vec<RecoveryCode>,
}

/// What a person types to turn the second factor off.
pub struct TurnOffDraft {
    /// The password.
    pub password: Zeroizing<String>,
    /// Six digits, or a recovery code.
    pub code: Zeroizing<String>,
}

impl fmt::Debug for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proposal(…)")
    }
}

/// The second factor of the person signed in; `None` when it is off.
pub fn state(cx: &Cx) -> Result<Option<State>, Error> {
    let user = login(cx)?.user;
    cx.read(|conn| if is_on(conn, user)? { Ok(Some(state_of(conn, user)?)) } else { Ok(None) })
}

/// A new key for the person signed in. Conflict `second_factor_on` when there is one.
pub fn propose(cx: &Cx) -> Result<Proposal, Error> {
    let login = login(cx)?;
    require_recent(cx)?;
    cx.read(|conn| is_off(conn, login.user))?;
    let mut bytes = Zeroizing::new([0; 20]);
    random(bytes.as_mut_slice());
    proposal(cx, login, &Key::new(bytes))
}

/// The same key as before, for a person whose code was wrong; `NotFound` when `sealed` is of no key that was
/// proposed in this session.
pub fn propose_again(cx: &Cx, sealed: &str) -> Result<Proposal, Error> {
    let login = login(cx)?;
    proposal(cx, login, &open(cx, login, sealed)?)
}

/// Turns the second factor on, once a code of the proposed key has come back; every other session of the
/// login ends. Field: `code`.
pub fn enable(cx: &Cx, sealed: &str, typed: &str) -> Result<Enabled, Error> {
    let login = login(cx)?;
    require_recent(cx)?;
    cx.read(|conn| is_off(conn, login.user))?;
    let key = open(cx, login, sealed)?;
    let step = match Typed::read(typed) {
        Some(Typed::Digits(digits)) => key.step(&digits, cx.now).map_err(|e| fault(&e))?,
        _ => None,
    };
    let Some(step) = step else { return Err(wrong_code()) };
    let (codes, digests) = fresh_codes()?;
    let sealed = seal(&cx.tools, login.user, &key);
    let renewed = cx.write(|conn| {
        if !stored::begin(conn, login.user, &sealed, step)? {
            return Err(already_on());
        }
        stored::set_codes(conn, login.user, &digests)?;
        let ended = sessions::remove_others(conn, login.user, login.session)?;
        let renewed = renew(cx, conn, login)?;
        let after = json!({"recovery_codes": digests.len(), "sessions_ended": ended});
        record(cx, conn, None, entry("second_factor.turned_on", login.user, Some(after)))?;
        Ok(renewed)
    })?;
    Ok(Enabled { renewed, codes })
}

/// Puts new recovery codes in the place of the set called `set`. Conflict `codes_renewed` when that is not
/// the present one any more, as when a form is sent twice.
pub fn renew_codes(cx: &Cx, set: &str) -> Result<Vec<RecoveryCode>, Error> {
    let login = login(cx)?;
    require_recent(cx)?;
    let (codes, digests) = fresh_codes()?;
    cx.write(|conn| {
        if !is_on(conn, login.user)? {
            return Err(Error::NotFound);
        }
        let before = state_of(conn, login.user)?;
        if before.set != set {
            let message = "These recovery codes were made already, and are shown only once. Make new ones.";
            return Err(Error::conflict("codes_renewed", message));
        }
        stored::set_codes(conn, login.user, &digests)?;
        let after = json!({"recovery_codes": digests.len(), "left_before": before.codes_left});
        record(cx, conn, None, entry("recovery_codes.renewed", login.user, Some(after)))
    })?;
    Ok(codes)
}

/// Turns the second factor off; every other session of the login ends. `Wrong` is the password; a wrong code
/// is an error of the field `code`. Guesses of both are counted as those at the sign-in are. Conflict
/// `second_factor_required` when a partner of the login wants it.
pub fn turn_off(cx: &Cx, draft: &TurnOffDraft, device: Option<&str>) -> Result<Renewed, SignInError> {
    let asking = login(cx)?.user;
    cx.read(|conn| may_turn_off(conn, asking))?;
    let (login, user) = prove_password(cx, &draft.password, device)?;
    let db = &cx.tools.db;
    let buckets = Buckets::of_factor(&cx.tools, &user, device, &cx.source);
    db.write(|conn| buckets.take(cx, conn))?;
    let claim = match examine(&cx.tools, user.id, &draft.code) {
        Ok(claim) => claim,
        Err(HashError::Busy) => {
            db.write(|conn| buckets.give_back(conn))?;
            return Err(SignInError::Busy);
        }
        Err(error @ HashError::Failed(_)) => return Err(Error::from(error).into()),
    };
    let renewed = db.write(|conn| {
        may_turn_off(conn, user.id)?;
        if redeem(conn, user.id, claim.as_ref(), cx.now)?.is_none() {
            // Written down, and so no error before the end of the transaction.
            buckets.refused(cx, conn)?;
            return Ok(None);
        }
        buckets.settle(conn)?;
        let ended = end(conn, user.id, |conn| sessions::remove_others(conn, user.id, login.session))?;
        let renewed = renew(cx, conn, &login)?;
        let after = json!({"sessions_ended": ended});
        record(cx, conn, None, entry("second_factor.turned_off", user.id, Some(after)))?;
        Ok::<_, SignInError>(Some(renewed))
    })?;
    renewed.ok_or_else(|| wrong_code().into())
}

/// Takes the second factor from the login with this e-mail address, because it is lost: for the operator.
/// Every session of the login ends.
pub fn drop_of(cx: &Cx, email: &str) -> Result<(), Error> {
    if !matches!(cx.actor, Actor::Operator) {
        return Err(Error::Forbidden(Refusal::Caller));
    }
    let email = canonical_email(email).ok_or(Error::NotFound)?;
    cx.write(|conn| {
        let user = users::by_email(conn, &email)?.ok_or(Error::NotFound)?;
        let ended = end(conn, user.id, |conn| sessions::remove_of_user(conn, user.id))?;
        let after = json!({"sessions_ended": ended});
        record(cx, conn, None, entry("second_factor.turned_off", user.id, Some(after)))
    })
}

fn end(
    conn: &mut Conn,
    user: UserId,
    sessions: impl FnOnce(&mut Conn) -> Result<usize, diesel::result::Error>,
) -> Result<usize, Error> {
    if !stored::end(conn, user)? {
        return Err(Error::conflict("second_factor_off", "This login has no second factor."));
    }
    Ok(sessions(conn)?)
}

fn login(cx: &Cx) -> Result<&Login, Error> {
    match &cx.actor {
        Actor::Login(login) => Ok(login),
        _ => Err(Error::Forbidden(Refusal::Caller)),
    }
}

fn is_on(conn: &mut Conn, user: UserId) -> Result<bool, Error> {
    Ok(stored::sealed(conn, user)?.is_some())
}

fn is_off(conn: &mut Conn, user: UserId) -> Result<(), Error> {
    if is_on(conn, user)? { Err(already_on()) } else { Ok(()) }
}

fn may_turn_off(conn: &mut Conn, user: UserId) -> Result<(), Error> {
    if memberships::needs_second_factor(conn, user)? {
        let text = "Your partner requires a second factor of everybody. An owner can end that in Users; of a global \
                    partner, the operator.";
        return Err(Error::conflict("second_factor_required", text));
    }
    Ok(())
}

fn already_on() -> Error {
    Error::conflict("second_factor_on", "The second factor is on already. Its codes were shown once.")
}

fn state_of(conn: &mut Conn, user: UserId) -> Result<State, Error> {
    let codes = stored::codes(conn, user)?;
    let all = codes.iter().fold(Sha256::new(), |all, (digest, _)| all.chain_update(digest));
    let name: Vec<u8> = all.finalize().iter().take(12).copied().collect();
    let codes_left = codes.iter().filter(|(_, good)| *good).count();
    Ok(State { codes_left, set: hex::encode(name) })
}

fn fresh_codes() -> Result<(Vec<RecoveryCode>, Vec<String>), Error> {
    let fresh = || RecoveryCode::new(&Zeroizing::new(random_bytes::<RECOVERY_CHARS>()));
    let codes: Vec<_> = (0..RECOVERY_CODES).map(|_| fresh()).collect();
    let digests = recovery::digests(&codes)?;
    Ok((codes, digests))
}

fn proposal(cx: &Cx, login: &Login, key: &Key) -> Result<Proposal, Error> {
    Ok(Proposal {
        key: key.shown().map_err(|e| fault(&e))?,
        address: key.address(&login.email).map_err(|e| fault(&e))?,
        sealed: URL_SAFE_NO_PAD.encode(cx.tools.keys.seal(&place(login), key.as_bytes())),
    })
}

fn open(cx: &Cx, login: &Login, sealed: &str) -> Result<Key, Error> {
    let sealed = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| Error::NotFound)?;
    let bytes = cx.tools.keys.open(&place(login), &sealed).map_err(|_| Error::NotFound)?;
    Key::read(&bytes).ok_or(Error::NotFound)
}

fn place(login: &Login) -> String {
    format!("proposed second factor|{}|{}|", login.user, login.session)
}

fn fault(error: &TotpError) -> Error {
    Error::Internal(error.to_string())
}

fn wrong_code() -> Error {
    let message = "This code is not right, or was used before. Wait for the next one and type that.";
    Error::field("code", "wrong", message)
}

fn entry(action: &'static str, user: UserId, after: Option<serde_json::Value>) -> Entry {
    Entry { action, target_kind: "user", target_id: user.to_string(), before: None, after }
}
