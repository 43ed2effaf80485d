//! The browser's face: pages, their addresses and the files they load.

pub mod access;
pub mod assets;
pub mod bars;
pub mod chart;
mod denied;
pub mod docs;
pub mod errors;
pub mod events;
pub mod fault;
pub mod flash;
pub mod form;
pub mod format;
mod frame;
pub mod here;
pub mod json_view;
pub mod mount;
pub mod next;
pub mod page;
pub mod parts;
pub mod routes;
pub mod session;
pub mod shell;
pub mod spark;
pub mod system;
pub mod tail;
pub mod webhooks;

pub use mount::configure;

pub use crate::http::cookies;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
