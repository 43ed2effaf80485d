//! Digests of recovery codes: argon2id with one salt for all codes of a person, so that looking for one is
//! the work of one hash. Less work than for a password is enough: a code has 80 random bits.

use argon2::password_hash::PasswordHasher;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, Version};
use subtle::ConstantTimeEq;

use crate::domain::access::second_factor::RecoveryCode;
use crate::keys::random_bytes;
use crate::ops::access::password::{HashError, in_turn};

/// Memory of one digest, in KiB.
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over that memory.
const PASSES: u32 = 2;

/// The digests of these codes as PHC strings. Blocks for about a quarter of a second, and while others wait.
pub(super) fn digests(codes: &[RecoveryCode]) -> Result<Vec<String>, HashError> {
    let salt: [u8; 16] = random_bytes();
    in_turn(|| codes.iter().map(|code| digest(code, &salt)).collect())
}

/// Which of `stored`, all with one salt, is the digest of this code.
pub(super) fn find(code: &RecoveryCode, stored: &[Vec<u8>]) -> Result<Option<Vec<u8>>, HashError> {
    let failed = |why: &dyn std::fmt::Display| HashError::Failed(why.to_string());
    let Some(first) = stored.first() else { return Ok(None) };
    let first = std::str::from_utf8(first).map_err(|e| failed(&e))?;
    let hash = PasswordHash::new(first).map_err(|e| failed(&e))?;
    let salt = hash.salt.ok_or_else(|| failed(&"a digest without salt"))?;
    let own = in_turn(|| digest(code, salt.as_ref()))?;
    Ok(stored.iter().find(|one| bool::from(one.as_slice().ct_eq(own.as_bytes()))).cloned())
}

fn digest(code: &RecoveryCode, salt: &[u8]) -> Result<String, HashError> {
    let failed = |why: &dyn std::fmt::Display| HashError::Failed(why.to_string());
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(|e| failed(&e))?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_with_salt(code.as_bytes(), salt)
        .map(|hash| hash.to_string())
        .map_err(|e| failed(&e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_among_its_own_and_no_others() {
        let codes = [1, 2, 3].map(|n| RecoveryCode::new(&[n; 16]));
        let stored: Vec<_> = digests(&codes).unwrap().into_iter().map(String::into_bytes).collect();
        assert_eq!(find(&codes[1], &stored).unwrap().as_ref(), Some(&stored[1]));
        assert_eq!(find(&RecoveryCode::new(&[4; 16]), &stored).unwrap(), None);
        assert_eq!(find(&codes[0], &[]).unwrap(), None);
        assert!(stored.iter().all(|one| one.starts_with(b"$argon2id$v=19$m=19456,t=2,p=1$")));
    }
}
