//! What both faces need of HTTP: who calls, how often they may, how bodies are read, whether we are well.

pub mod body;
pub mod health;
pub mod identity;
pub mod limits;
