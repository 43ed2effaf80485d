//! Live lists: lines that come in and change while somebody looks, as one stream of events.

mod shown;
mod stream;

pub use shown::{Line, Look, address};
pub use stream::{Live, stream};
