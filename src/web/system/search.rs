//! Search in a business unit: webhooks, events, logins, teams, pages and actions, as a page and as the dialog over any page.

use actix_web::HttpResponse;
use askama::Template;

use crate::domain::access::permission::Permission;
use crate::domain::id::WebhookId;
use crate::ops::system::search::{self, Found};
use crate::web::fault::Fault;
use crate::web::format;
use crate::web::here::Here;
use crate::web::page::Page;
use crate::web::routes;
use crate::web::shell::{Place, Shell};

/// The element of the dialog that changes as one types.
const RESULTS: &str = "palette-results";

/// The page `/bu/{bu}/search`; for htmx the dialog, or only what was found.
#[derive(Debug, Template)]
#[template(path = "system/search.html", blocks = ["modal"])]
pub struct SearchPage {
    /// The frame.
    pub shell: Shell,
    /// The address without what is searched for.
    pub href: String,
    /// What is searched for.
    pub q: String,
    /// What was found, by kind; kinds without anything are absent.
    pub groups: Vec<Group>,
    /// How much was found, in words.
    pub summary: String,
    /// Whether it is the dialog over another page.
    pub dialog: bool,
    /// Whether only what was found is asked for.
    pub only_results: bool,
}

/// The part of the dialog that changes as one types.
#[derive(Debug, Template)]
#[template(path = "system/_results.html")]
struct Results<'a> {
    q: &'a str,
    groups: &'a [Group],
    summary: &'a str,
}

/// What was found of a kind.
#[derive(Debug, Clone)]
pub struct Group {
    /// The kind: `Webhooks`.
    pub name: &'static str,
    /// What there is of it.
    pub hits: Vec<Hit>,
}

/// Something to open.
#[derive(Debug, Clone)]
pub struct Hit {
    /// Its symbol in the sprite.
    pub icon: &'static str,
    /// Its name.
    pub label: String,
    /// More about it; may be empty.
    pub note: String,
    /// Where it leads.
    pub href: String,
}

impl Page for SearchPage {
    fn fragment(&self) -> askama::Result<String> {
        match (self.only_results, self.dialog) {
            (true, _) => Results { q: &self.q, groups: &self.groups, summary: &self.summary }.render(),
            (false, true) => self.as_modal().render(),
            (false, false) => self.render(),
        }
    }
}

/// What the address asks for.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let q = here.query().text("q").trim().to_owned();
    let wanted = q.clone();
    let found = here.run(move |cx, bu| search::search(cx, bu, &wanted)).await?;
    Ok(here.answer(&SearchPage::of(&here, q, &found)))
}

impl SearchPage {
    fn of(here: &Here, q: String, found: &Found) -> Self {
        let groups = [
            Group { name: "Webhooks", hits: webhooks(here, found) },
            Group { name: "Events", hits: events(here, found) },
            Group { name: "Logins", hits: logins(here, found) },
            Group { name: "Teams", hits: teams(here, found) },
            Group { name: "Pages", hits: fitting(pages(here), &q) },
            Group { name: "Actions", hits: actions(here, &q, found) },
        ];
        let groups: Vec<Group> = groups.into_iter().filter(|group| !group.hits.is_empty()).collect();
        let count: usize = groups.iter().map(|group| group.hits.len()).sum();
        let summary = match count {
            0 => "Nothing found".to_owned(),
            some => format::count(some as u64, "result", "results"),
        };
        Self {
            shell: here.shell("Search", Place::Elsewhere),
            href: routes::search(here.bu()),
            q,
            groups,
            summary,
            dialog: here.wants_fragment(),
            only_results: here.target() == RESULTS,
        }
    }
}

fn webhooks(here: &Here, found: &Found) -> Vec<Hit> {
    let hit = |webhook: &search::WebhookHit| Hit {
        icon: "cable",
        label: webhook.name.clone(),
        note: webhook
            .url
            .as_deref()
            .map_or_else(|| webhook.id.short(), |url| format::short_url(url).to_owned()),
        href: routes::webhook(here.bu(), webhook.id),
    };
    found.webhooks.iter().map(hit).collect()
}

fn events(here: &Here, found: &Found) -> Vec<Hit> {
    let hit = |event: &search::EventHit| Hit {
        icon: "activity",
        label: event.event_type.clone(),
        note: format!("{}, {}", event.id.short(), format::clock(event.at)),
        href: routes::event(here.bu(), event.id),
    };
    found.events.iter().map(hit).collect()
}

/// A login has no page of its own: it stands in the list of users, found by its number.
fn logins(here: &Here, found: &Found) -> Vec<Hit> {
    let hit = |login: &search::LoginHit| {
        let number = login.number.to_string();
        Hit {
            icon: "user-round",
            label: login.name.clone(),
            href: routes::with_query(&routes::users(here.bu()), &[("q", &number)]),
            note: format!("{number}, {}", login.email),
        }
    };
    found.logins.iter().map(hit).collect()
}

fn teams(here: &Here, found: &Found) -> Vec<Hit> {
    let hit = |team: &search::TeamHit| Hit {
        icon: "users-round",
        label: team.name.clone(),
        note: format::count(u64::try_from(team.members).unwrap_or(0), "member", "members"),
        href: routes::team(here.bu(), team.id),
    };
    found.teams.iter().map(hit).collect()
}

/// The pages of the navigation, and those beside it.
fn pages(here: &Here) -> Vec<Hit> {
    let nav = here.shell("Search", Place::Elsewhere).nav;
    let mut pages: Vec<Hit> = nav
        .into_iter()
        .flat_map(|group| group.items)
        .map(|item| hit(item.icon, item.label, item.href))
        .collect();
    pages.push(hit("clipboard", "Connect page", routes::connect(here.bu(), here.signed.login.number)));
    if here.by_grant() {
        pages.push(hit("arrow-left-right", "Partner search", routes::PARTNERS.to_owned()));
    }
    pages
}

fn actions(here: &Here, q: &str, found: &Found) -> Vec<Hit> {
    let bu = here.bu();
    let mut actions = Vec::new();
    if here.may(Permission::WebhooksWrite) && here.api_access() {
        actions.push(hit("plus", "Add Webhook", routes::webhook_new(bu)));
    }
    if here.may(Permission::TokensWrite) && here.api_access() {
        actions.push(hit("plus", "Create Token", routes::token_new(bu)));
    }
    let mut actions = fitting(actions, q);
    let of = |icon, what: &str, name: &str, href| hit(icon, &format!("{what} {name}"), href);
    let log = |id: WebhookId| routes::with_query(&routes::log(bu), &[("webhook", id.as_str())]);
    for webhook in found.webhooks.iter().take(2) {
        if here.may(Permission::WebhooksTest) {
            let test = routes::webhook_test(bu, webhook.id);
            actions.push(of("send", "Send test event to", &webhook.name, test));
        }
        actions.push(of("activity", "View Event Logs of", &webhook.name, log(webhook.id)));
    }
    actions
}

fn hit(icon: &'static str, label: &str, href: String) -> Hit {
    Hit { icon, label: label.to_owned(), note: String::new(), href }
}

/// Those with the text in their name, whatever the case.
fn fitting(mut hits: Vec<Hit>, q: &str) -> Vec<Hit> {
    let q = q.to_lowercase();
    hits.retain(|hit| hit.label.to_lowercase().contains(&q));
    hits
}
