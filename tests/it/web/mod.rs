//! The browser's face, through the public door.

mod access;
mod browser;
mod connect;
mod details;
mod details_browser;
mod docs;
mod foreign;
mod forged;
mod headers;
mod limits;
mod logs;
mod screens;
mod site;
mod tokens;
mod tokens_browser;
mod webhooks;
mod wizard;
