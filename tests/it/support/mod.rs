//! Fixtures which every part of the integration tests may use.

pub mod databases;
pub mod http;
pub mod postgres;
#[expect(dead_code, reason = "the program has no commands to run yet")]
pub mod program;
pub mod receiver;
pub mod verifiers;
