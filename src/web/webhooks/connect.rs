//! The Connect page of a login: how a tool subscribes, unsubscribes and pulls, and what it gets.

use actix_web::HttpResponse;
use askama::Template;

use crate::ops::webhooks::catalogue::TypeView;
use crate::ops::webhooks::connect::{self, Connect};
use crate::web::fault::Fault;
use crate::web::format;
use crate::web::here::Here;
use crate::web::json_view;
use crate::web::page::Page;
use crate::web::parts::CodeBlock;
use crate::web::routes;
use crate::web::shell::{Place, Shell};

/// The page `/bu/{bu}/connect/{login}`.
#[derive(Debug, Template)]
#[template(path = "webhooks/connect.html")]
pub struct ConnectPage {
    /// The frame.
    pub shell: Shell,
    /// The Webhooks tab.
    pub back: String,
    /// Whose page it is: `Ada (login 1042)`.
    pub login: String,
    /// What that login may do here, each with its answer.
    pub rights: Vec<(&'static str, String)>,
    /// Where the REST API begins.
    pub base_url: String,
    /// How to do things, as requests that can be copied.
    pub calls: Vec<Call>,
    /// The resources with their events.
    pub resources: Vec<Resource>,
}

/// A thing to do, and the request that does it.
#[derive(Debug, Clone)]
pub struct Call {
    /// Unique in the page, without spaces.
    pub id: &'static str,
    /// What it does, in a word.
    pub title: &'static str,
    /// The method.
    pub method: &'static str,
    /// The path.
    pub path: &'static str,
    /// The scope that the token needs.
    pub scope: &'static str,
    /// What it does.
    pub about: &'static str,
    /// The request.
    pub block: CodeBlock,
}

/// A resource and its events.
#[derive(Debug, Clone)]
pub struct Resource {
    /// Its name.
    pub name: String,
    /// The events.
    pub events: Vec<Offer>,
}

/// An event that can be subscribed to.
#[derive(Debug, Clone)]
pub struct Offer {
    /// When it happens.
    pub description: String,
    /// The name of its type.
    pub name: String,
    /// What is received.
    pub sample: CodeBlock,
}

impl Page for ConnectPage {}

/// Shows the page to whoever is signed in and may act in the unit.
pub async fn open(here: Here) -> Result<HttpResponse, Fault> {
    let login: i64 = here.in_path("login").parse().map_err(|_| Fault::Missing)?;
    let shown = here.run(move |cx, bu| connect::show(cx, bu, login)).await?;
    let (shell, back) = (here.shell("Connect", Place::Webhooks), routes::webhooks(here.bu()));
    Ok(here.answer(&ConnectPage::of(shell, back, &shown)))
}

impl ConnectPage {
    /// The page of what is shown.
    pub fn of(shell: Shell, back: String, shown: &Connect) -> Self {
        let base = &shown.base_url;
        let mut calls = Vec::new();
        if shown.may_subscribe {
            let body = r#"{"target_url":"https://example.com/hook","event":"order.completed"}"#;
            calls.push(Call::new(
                "subscribe",
                "Subscribe",
                ("POST", "/api/v1/hooks", "webhooks:write"),
                "From then on each event of that type is posted to the address. The answer holds the id of the hook \
                 and the secret its requests are signed with.",
                &format!("curl -X POST {base}/hooks"),
                &format!(" \\\n  -H \"Content-Type: application/json\" \\\n  -d '{body}'"),
            ));
            calls.push(Call::new(
                "unsubscribe",
                "Unsubscribe",
                ("DELETE", "/api/v1/hooks/{id}", "webhooks:write"),
                "By the id that subscribing answered. Nothing more is sent to the address.",
                &format!("curl -X DELETE {base}/hooks/$HOOK_ID"),
                "",
            ));
        }
        if shown.may_pull {
            calls.push(Call::new(
                "pull",
                "Pull",
                ("GET", "/api/v1/events", "events:read"),
                "Answers with up to 100 events, or waits up to 30 seconds for the first. Go on with the value of \
                 meta.next as after: nothing is missed and nothing comes twice.",
                &format!("curl '{base}/events?after=oldest&wait=30'"),
                "",
            ));
        }
        let resource = |(name, types): (&str, Vec<&TypeView>)| Resource {
            name: name.to_owned(),
            events: types.into_iter().map(Offer::of).collect(),
        };
        Self {
            shell,
            back,
            login: format!("{} (login {})", shown.name, shown.login),
            rights: vec![
                ("Subscribe and unsubscribe", may(shown.may_subscribe)),
                ("Pull events", may(shown.may_pull)),
                ("Event types", format::thousands(shown.types.len() as u64)),
            ],
            base_url: base.clone(),
            calls,
            resources: shown.resources().into_iter().map(resource).collect(),
        }
    }
}

impl Call {
    /// The command is `begin`, the token's header, and `end`.
    fn new(
        id: &'static str,
        title: &'static str,
        (method, path, scope): (&'static str, &'static str, &'static str),
        about: &'static str,
        begin: &str,
        end: &str,
    ) -> Self {
        let command = format!("{begin} \\\n  -H \"Authorization: Bearer $BELLWIRE_TOKEN\"{end}");
        let block = block(&format!("{id}-call"), "Request", json_view::body(command.as_bytes()));
        Self { id, title, method, path, scope, about, block }
    }
}

fn may(may: bool) -> String {
    if may { "Yes" } else { "No" }.to_owned()
}

impl Offer {
    fn of(found: &TypeView) -> Self {
        let sample = json_view::body(connect::sample(found).to_string().as_bytes());
        let id = format!("sample-{}", found.name.replace('.', "-"));
        Self {
            description: found.description.clone(),
            name: found.name.clone(),
            sample: block(&id, &format!("Sample of {}", found.name), sample),
        }
    }
}

fn block(id: &str, label: &str, pieces: Vec<json_view::Piece>) -> CodeBlock {
    CodeBlock { id: id.to_owned(), label: label.to_owned(), mark: None, pieces, note: None }
}
