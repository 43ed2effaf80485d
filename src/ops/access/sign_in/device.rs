//! Cookies of known devices: who guesses elsewhere cannot lock a person out of theirs.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use crate::domain::id::UserId;
use crate::keys::{Purpose, random_bytes};
use crate::ops::cx::Tools;

/// A new cookie for a device on which `user` has signed in: `name.signature`.
pub fn make(tools: &Tools, user: UserId) -> String {
    let name = URL_SAFE_NO_PAD.encode(random_bytes::<16>());
    let mac = tools.keys.mac(Purpose::Devices, message(&name, user).as_bytes());
    format!("{name}.{}", URL_SAFE_NO_PAD.encode(mac))
}

/// The device's name, when the cookie was made here for `user`.
pub fn known<'a>(tools: &Tools, cookie: &'a str, user: UserId) -> Option<&'a str> {
    let (name, mac) = cookie.split_once('.')?;
    let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
    let message = message(name, user);
    let own = tools
        .keys
        .macs(Purpose::Devices, message.as_bytes())
        .any(|own| bool::from(own.as_slice().ct_eq(&mac)));
    own.then_some(name)
}

fn message(name: &str, user: UserId) -> String {
    format!("{user}|{name}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::World;

    #[test]
    fn a_device_is_known_for_its_own_login_only() {
        let world = World::new();
        let (user, other) = (world.tools.clock.id(), world.tools.clock.id());
        let cookie = make(&world.tools, user);
        assert_eq!(known(&world.tools, &cookie, user), cookie.split('.').next());
        assert_eq!(known(&world.tools, &cookie, other), None);
        for bad in ["", ".", &cookie[1..], &cookie[..cookie.len() - 2]] {
            assert_eq!(known(&world.tools, bad, user), None, "{bad}");
        }
    }
}
