//! Live lists: lines that come in and change while somebody looks, as one stream of events.

mod shown;
mod stream;

pub use shown::{Line, address};
pub use stream::{Live, stream};
