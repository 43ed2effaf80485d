//! The browser's face, through the public door.

mod access;
mod browser;
mod connect;
mod forged;
mod headers;
mod limits;
mod logs;
mod site;
mod webhooks;
