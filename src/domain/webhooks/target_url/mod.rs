//! The address of an endpoint: what it may be, and why one is refused.

mod fault;
mod parse;

pub use fault::UrlFault;
pub use parse::{LONGEST_URL, TargetUrl, is_public_name};
