//! Fixtures which every part of the integration tests may use.

pub mod axe;
pub mod browser;
pub mod databases;
pub mod http;
pub mod installation;
pub mod patience;
pub mod postgres;
pub mod program;
pub mod receiver;
pub mod secured;
pub mod verifiers;
