//! Webhook Details, cut by part.

mod cards;
mod charts;
mod curl;
mod page;
mod recent;
mod tail;
mod words;

pub use cards::{Change, EndpointLine, Fact, SecretCard, TriggerLine};
pub use charts::{Figure, PERIODS, Period, Periods};
pub use page::{Acts, WebhookDetails, open};
pub use recent::Delivered;
pub use tail::tail;
