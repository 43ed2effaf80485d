//! What happened and went out: events, signatures, deliveries, attempts, retries.

pub mod attempt;
pub mod cause;
pub mod delivery;
pub mod event;
pub mod payload;
pub mod replay;
pub mod retry;
pub mod signature;
pub mod tls_fault;
