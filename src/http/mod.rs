//! What both faces need of HTTP: who calls, how often they may, how bodies are read, whether we are well.

pub mod body;
pub mod compression;
pub mod cookies;
pub mod csp_reports;
pub mod csrf;
pub mod description;
pub mod health;
pub mod host;
pub mod identity;
pub mod limits;
pub mod security_headers;
