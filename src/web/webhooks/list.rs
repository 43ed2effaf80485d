//! The Webhooks tab: Create Webhooks Link and Saved Webhooks.

use askama::Template;

use crate::web::format::Moment;
use crate::web::page::Page;
use crate::web::parts::{Choice, Mark, Pager};
use crate::web::shell::Shell;
use crate::web::spark::Spark;

/// The choices of the status filter: value and label; the first one filters nothing.
pub const STATUSES: [(&str, &str); 4] =
    [("", "All statuses"), ("active", "Active"), ("inactive", "Inactive"), ("failing", "Failing")];

/// The page `/bu/{bu}/admin/webhooks`; its table for htmx.
#[derive(Debug, Template)]
#[template(path = "webhooks/list.html", blocks = ["rows"])]
pub struct WebhookList {
    /// The frame.
    pub shell: Shell,
    /// The address of this list without filters.
    pub href: String,
    /// How many webhooks the business unit has, filters aside.
    pub total: String,
    /// The address of this login's Connect page, with host.
    pub connect_link: String,
    /// Where Add Webhook leads, for who may add one here.
    pub add: Option<String>,
    /// What is searched for.
    pub q: String,
    /// The status that is filtered by; empty for all.
    pub status: String,
    /// The choices of the status filter.
    pub statuses: Vec<Choice>,
    /// The place in the list this page starts after; empty for the beginning.
    pub after: String,
    /// Whether the business unit has no webhook at all.
    pub none_saved: bool,
    /// Whether rows lead to Webhook Details.
    pub linked: bool,
    /// The rows of this page.
    pub rows: Vec<Row>,
    /// Where the list goes on.
    pub pager: Pager,
}

/// One saved webhook.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its whole id.
    pub id: String,
    /// The id as tables show it.
    pub short_id: String,
    /// The short number of the login that made it.
    pub login: String,
    /// The short number of the login it is for; empty for any.
    pub for_login: String,
    /// The team it is for; empty for none.
    pub team: String,
    /// Its name.
    pub name: String,
    /// Its description; may be empty.
    pub description: String,
    /// Its first event type.
    pub event: String,
    /// How many more there are: `+2`; empty for none.
    pub more_events: String,
    /// All event types in one line.
    pub all_events: String,
    /// The first endpoint's whole address.
    pub url: String,
    /// The same without scheme.
    pub short_url: String,
    /// The last 24 hours.
    pub health: Spark,
    /// The last attempt of any delivery.
    pub last_sent: Option<LastSent>,
    /// Whether it is active.
    pub active: bool,
    /// Why it is inactive, in a word; empty while it is active or when a person switched it off.
    pub inactive_reason: String,
    /// Unique in the page, so that the switch keeps the focus.
    pub switch_id: String,
    /// What the switch is read as: `Order desk active`.
    pub switch_label: String,
    /// Where the switch posts to.
    pub toggle: String,
    /// Where the X leads.
    pub delete: String,
    /// Its details, where they can be opened.
    pub details: Option<String>,
}

/// The last attempt of a webhook.
#[derive(Debug, Clone)]
pub struct LastSent {
    /// When.
    pub at: Moment,
    /// What came of it.
    pub outcome: Mark,
}

impl Page for WebhookList {
    fn fragment(&self) -> askama::Result<String> {
        self.as_rows().render()
    }
}
