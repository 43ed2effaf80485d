//! Bellwire: a self-hosted admin dashboard for API tokens and webhooks.

pub mod domain;
