//! The wizard that adds webhooks, as forms and in a browser.

mod browser;
mod forms;
pub mod typing;
