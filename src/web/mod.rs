//! The browser's face: pages, their addresses and the files they load.

pub mod access;
pub mod assets;
pub mod errors;
pub mod events;
pub mod format;
pub mod json_view;
pub mod page;
pub mod parts;
pub mod routes;
pub mod shell;
pub mod spark;
pub mod webhooks;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
