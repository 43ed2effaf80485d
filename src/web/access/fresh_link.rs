//! A link that was made a moment ago and is shown once.

use crate::ops::access::bearer::LinkSecret;

/// A link through which somebody chooses a password.
#[derive(Debug)]
pub struct FreshLink {
    /// Whose it is.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// The address of the set-up page without its secret, which stands behind it.
    pub base: String,
    /// The secret: it stands in this answer and nowhere else.
    pub secret: LinkSecret,
}

impl FreshLink {
    /// The link of somebody with this name and e-mail address; `setup` is the address of the set-up page.
    pub(super) fn at(setup: String, (name, email): (String, String), secret: LinkSecret) -> Self {
        Self { name, email, base: setup + "?link=", secret }
    }
}
