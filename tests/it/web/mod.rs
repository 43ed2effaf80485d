//! The browser's face, through the public door.

mod access;
mod account;
mod account_browser;
mod browser;
mod catalogue;
mod connect;
mod details;
mod details_browser;
mod docs;
mod foreign;
mod forged;
mod headers;
mod limits;
mod logs;
mod matrix;
mod partners;
mod replays;
mod screens;
mod sessions;
mod site;
mod tokens;
mod tokens_browser;
mod webhooks;
mod wizard;
