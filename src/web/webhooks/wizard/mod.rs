//! Add Webhook: three steps, and what was typed in them until the webhook is made.

mod act;
mod check;
mod draft;
mod endpoints;
mod press;
mod send;
mod sentence;
mod stored;
mod triggers;
mod view;

pub use act::Act;
pub use draft::{ConditionTyped, Draft, EndpointTyped, HeaderTyped, Step, TriggerTyped};
pub use press::{Press, edit, focused, pressed_id};
pub use send::{Form, LONGEST_DRAFT, offer, open, send};
pub use view::{Frame, Offer, Turn, Wizard};
