//! Send test event: a sample that can be edited, to every endpoint of a webhook or to one, and what each answers.

mod curl;
mod page;
mod result;
pub mod send;

pub use page::TestSend;
pub use result::{Answered, Sent};
