//! Whether the master key belongs to the database.

use subtle::ConstantTimeEq;

use crate::keys::{KeyRing, Purpose};
use crate::ops::Error;
use crate::store::db::Db;
use crate::store::system::settings;

/// Under which name the value stands in the settings.
const NAME: &str = "key_check";
/// What the value is the keyed hash of.
const MESSAGE: &[u8] = b"bellwire key check";

/// Why a process must not start with this key.
#[derive(Debug, thiserror::Error)]
pub enum KeyCheckError {
    /// What is sealed in the database cannot be opened with this key.
    #[error(
        "The master key does not belong to this database: its secrets cannot be opened. Start with the key \
         file that this database was first started with, or add that key to the file as another line."
    )]
    WrongKey,
    /// The database cannot be asked.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// Notes on the first start which key seals the database; afterwards passes only a ring that holds it.
pub fn check(db: &Db, keys: &KeyRing) -> Result<(), KeyCheckError> {
    let stored = match db.read(|conn| Ok::<_, Error>(settings::get(conn, NAME)?))? {
        Some(stored) => stored,
        None => db.write(|conn| {
            let value = hex::encode(keys.mac(Purpose::Check, MESSAGE));
            Ok::<_, Error>(settings::set_once(conn, NAME, &value)?)
        })?,
    };
    let known = keys
        .macs(Purpose::Check, MESSAGE)
        .any(|mac| bool::from(hex::encode(mac).as_bytes().ct_eq(stored.as_bytes())));
    if known { Ok(()) } else { Err(KeyCheckError::WrongKey) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::World;

    #[test]
    fn a_database_knows_its_key() {
        let world = World::new();
        check(&world.tools.db, &world.tools.keys).unwrap();
        check(&world.tools.db, &world.tools.keys).unwrap();
        let wrong = check(&world.tools.db, &KeyRing::fresh()).unwrap_err();
        assert!(wrong.to_string().starts_with("The master key does not belong to this database"));
    }
}
