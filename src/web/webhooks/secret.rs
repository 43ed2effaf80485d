//! The one showing of a webhook's signing secret.

use crate::domain::webhooks::secret::SigningSecret;

/// The secret of a webhook that was made for this request.
#[derive(Debug)]
pub struct Fresh {
    /// The webhook's name.
    pub name: String,
    /// The secret: it stands in this answer and nowhere else.
    pub secret: SigningSecret,
    /// Whether the webhook is active.
    pub active: bool,
    /// What to know of endpoints with a secret of their own; empty for none.
    pub own: &'static str,
}
