//! Delete Webhook: the dialog that asks first, and says what will stop.

use askama::Template;

use crate::web::page::Page;
use crate::web::shell::Shell;

/// The page `/bu/{bu}/admin/webhooks/{wh}/delete`; its dialog for htmx.
#[derive(Debug, Template)]
#[template(path = "webhooks/delete.html", blocks = ["modal"])]
pub struct WebhookDelete {
    /// The frame.
    pub shell: Shell,
    /// Where Confirm posts to: this page's own address.
    pub href: String,
    /// The list it came from.
    pub back: String,
    /// The webhook's name.
    pub name: String,
    /// The event types it receives; at least one.
    pub events: Vec<String>,
    /// The addresses that get nothing more.
    pub endpoints: Vec<String>,
    /// What happens to waiting deliveries: `3 deliveries waiting to be retried are dropped.`; empty for none.
    pub waiting: String,
    /// How long its logs stay: `30 days`.
    pub kept: String,
}

impl Page for WebhookDelete {
    fn fragment(&self) -> askama::Result<String> {
        self.as_modal().render()
    }
}
