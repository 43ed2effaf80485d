//! The browser's face, through the public door.

mod access;
mod account;
mod account_browser;
mod audit;
mod browser;
mod connect;
mod docs;
mod foreign;
mod forged;
mod headers;
mod limits;
mod logs;
mod people;
mod people_browser;
mod screens;
mod sessions;
mod site;
mod tokens;
mod tokens_browser;
mod webhooks;
mod wizard;
