//! Bellwire: a self-hosted admin dashboard for API tokens and webhooks.

pub mod clock;
pub mod domain;
pub mod keys;
pub mod ops;
pub mod store;
pub mod web;
