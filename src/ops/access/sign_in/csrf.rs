//! Tokens against cross-site requests: bound to a session, or to a cookie before there is one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use crate::domain::id::SessionId;
use crate::keys::Purpose;
use crate::ops::access::bearer;
use crate::ops::cx::Tools;

/// The token that forms of this session carry.
pub fn csrf_token(tools: &Tools, session: SessionId) -> String {
    token(tools, &in_session(session))
}

/// Whether `given` is the token of this session, under any key of the ring.
pub fn csrf_matches(tools: &Tools, session: SessionId, given: &str) -> bool {
    matches(tools, &in_session(session), given)
}

/// A new value for the cookie that stands in for a session while nobody is signed in.
pub fn pre_session() -> String {
    bearer::fresh().to_string()
}

/// The token that the sign-in form carries beside the cookie with `value`.
pub fn pre_session_token(tools: &Tools, value: &str) -> String {
    token(tools, &before_session(value))
}

/// Whether `given` is the token that belongs to the cookie with `value`.
pub fn pre_session_matches(tools: &Tools, value: &str, given: &str) -> bool {
    matches(tools, &before_session(value), given)
}

fn in_session(session: SessionId) -> String {
    format!("session|{session}")
}

fn before_session(value: &str) -> String {
    format!("before|{value}")
}

fn token(tools: &Tools, message: &str) -> String {
    URL_SAFE_NO_PAD.encode(tools.keys.mac(Purpose::Csrf, message.as_bytes()))
}

fn matches(tools: &Tools, message: &str, given: &str) -> bool {
    let Ok(given) = URL_SAFE_NO_PAD.decode(given) else { return false };
    tools.keys.macs(Purpose::Csrf, message.as_bytes()).any(|mac| bool::from(mac.as_slice().ct_eq(&given)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::World;

    #[test]
    fn a_token_is_good_for_its_own_session_only() {
        let world = World::new();
        let tools = &world.tools;
        let (one, other) = (tools.clock.id(), tools.clock.id());
        let token = csrf_token(tools, one);
        assert!(csrf_matches(tools, one, &token));
        assert!(!csrf_matches(tools, other, &token));
        for bad in ["", "x", &token[1..], &pre_session_token(tools, one.as_str())] {
            assert!(!csrf_matches(tools, one, bad), "{bad}");
        }
        let value = pre_session();
        assert!(pre_session_matches(tools, &value, &pre_session_token(tools, &value)));
        assert!(!pre_session_matches(tools, &pre_session(), &pre_session_token(tools, &value)));
    }
}
