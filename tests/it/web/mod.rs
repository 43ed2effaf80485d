//! The browser's face, through the public door.

mod access;
mod account;
mod account_browser;
mod acts;
mod browser;
mod connect;
mod details;
mod details_browser;
mod docs;
mod faults;
mod foreign;
mod forged;
mod headers;
mod limits;
mod logs;
mod overview;
mod screens;
mod search;
mod sessions;
mod site;
mod tokens;
mod tokens_browser;
mod webhooks;
mod wizard;
