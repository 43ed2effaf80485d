//! Add Webhook: three steps, and what was typed in them until the webhook is made.

mod check;
mod draft;
mod send;
mod sentence;
mod triggers;
mod view;

pub use draft::{ConditionTyped, Draft, EndpointTyped, HeaderTyped, Step, TriggerTyped};
pub use send::{open, send};
pub use view::{Frame, Offer, Turn, Wizard};
