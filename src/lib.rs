//! Bellwire: a self-hosted admin dashboard for API tokens and webhooks.

pub mod api;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod delivery;
pub mod demo;
pub mod domain;
pub mod http;
pub mod keys;
pub mod ops;
pub mod server;
pub mod store;
pub mod telemetry;
pub mod web;
