//! What changes a webhook in the dashboard: its words, triggers, endpoints and secrets, and test events.

mod browser;
mod changing;
mod secrets;
mod testing;
